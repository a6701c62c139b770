\echo Use "CREATE EXTENSION invtrack CASCADE" to load this file. \quit

-- A trusted extension's script runs as superuser, with the schemas of the extensions that it
-- requires in its search_path, where others may own things. Here it sees PostgreSQL's own only.
SET LOCAL search_path TO pg_catalog, pg_temp;
