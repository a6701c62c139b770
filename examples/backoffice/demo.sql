-- Who may sign in to the demo, after examples/northwind.sql: a login for the web server that has no rights of its own, and users as its members.
\set ON_ERROR_STOP on
CREATE ROLE backoffice LOGIN NOINHERIT;
CREATE ROLE manager;
COMMENT ON ROLE manager IS 'manages all merchants';
CREATE ROLE tokyo_traders;
COMMENT ON ROLE tokyo_traders IS 'a tenant, who manages the merchant Tokyo Traders';
CREATE ROLE auditor;
COMMENT ON ROLE auditor IS 'reads all merchants, and changes nothing';
GRANT manager, tokyo_traders, auditor TO backoffice;
SELECT invtrack.grant_access('manager', NULL, 'manage'), invtrack.grant_access('auditor', NULL, 'read'),
       invtrack.grant_access('tokyo_traders', merchant, 'manage')
  FROM invtrack.merchant WHERE name = 'Tokyo Traders';
CALL invtrack.check_all(NULL);
