/*
 * connection_source.c
 *		The source of a connection as it is now: its columns, for texts of queries.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "argument.h"
#include "connection.h"

/* In SQL, after a text: so it is ordered as codes and keys are. */
#define IN_BYTES	" COLLATE pg_catalog.\"C\""

/* The name of a table or view, for texts of queries. */
char *
qualified_name(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
									  get_rel_name(relation));
}

/* A column of the source, which the caller must be allowed to read. */
static AttrNumber
find_column(Oid relation, const char *name)
{
	AttrNumber	column = get_attnum(relation, name);

	if (column <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of %s does not exist", name, qualified_name(relation)),
				 errhint("Give it back, or call invtrack.connect() again: it takes the source as it is now."),
				 errargument(pstrdup(name))));
	if (pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck(relation, column, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to read column \"%s\" of %s", name, qualified_name(relation)),
				 errhint("The owner of the extension needs SELECT on the source."),
				 errargument(pstrdup(name))));
	return column;
}

/* What a moment is, as a day or a text, depends on whose session reads it. */
static void
require_date(Oid relation, AttrNumber column, bool is_day)
{
	Oid			type = get_atttype(relation, column);

	if (type == DATEOID || (!is_day && TypeCategory(type) != TYPCATEGORY_DATETIME))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of %s is of type %s", get_attname(relation, column, false),
					qualified_name(relation), format_type_be(type)),
			 TypeCategory(type) == TYPCATEGORY_DATETIME ?
			 errhint("Give a date: invtrack.day_of(merchant, at) makes one of a moment.") :
			 errhint("Cast it to date in a view."),
			 errargument(get_attname(relation, column, false))));
}

/* Is this column read? An optional one is if the source had it when it was connected. */
static bool
is_read(const TargetColumn *column, Datum *names, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(TextDatumGetCString(names[i]), column->name) == 0)
			return true;
	return column->is_required;
}

static const char *
type_name(Oid type)
{
	return format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY);
}

/* Where a column of the source goes. */
static void
add_column(Source *source, const TargetColumn *column)
{
	StringInfo	goes_to = &source->columns[column->place];
	const char *quoted = quote_identifier(column->name);

	switch (column->place)
	{
		case SOURCE_ATTRIBUTES:
			appendStringInfo(goes_to, "%s%s, s.%s", goes_to->len > 0 ? ", " : "",
							 quote_literal_cstr(column->name), quoted);
			break;
		case SOURCE_QUANTITY:
			appendStringInfo(goes_to, "s.%s::pg_catalog.numeric", quoted);
			break;
		case SOURCE_DAY:
			appendStringInfo(goes_to, "s.%s", quoted);
			break;
		case SOURCE_CODE:
			appendStringInfo(goes_to, "coalesce(s.%s::pg_catalog.text, '')" IN_BYTES, quoted);
			break;
		default:
			appendStringInfo(goes_to, "s.%s::pg_catalog.text" IN_BYTES, quoted);
	}
}

/*
 * A lot without a code has its date for one, units on order the key. Only what
 * feeds the catalogue has attributes.
 */
static void
complete_columns(Source *source)
{
	static const char *const types[SOURCE_COLUMNS] = {
		"text", "text", "text", "text", "text", "date", "numeric", "jsonb"
	};
	StringInfo	code = &source->columns[SOURCE_CODE];
	StringInfo	attributes = &source->columns[SOURCE_ATTRIBUTES];
	const char *target = TextDatumGetCString(source->connection->target);
	char	   *pairs = attributes->len > 0 ? pstrdup(attributes->data) : NULL;

	if (code->len == 0 && strcmp(target, "incoming") == 0)
		appendStringInfo(code, "s.%s::pg_catalog.text", source->key);
	else if (code->len == 0 && strcmp(target, "stock_lot") == 0 &&
			 source->columns[SOURCE_DAY].len > 0)
		appendStringInfo(code, "coalesce(pg_catalog.to_char(%s, 'FMYYYY-MM-DD'), '')",
						 source->columns[SOURCE_DAY].data);
	else if (code->len == 0 && strcmp(target, "stock_lot") == 0)
		appendStringInfoString(code, "''::pg_catalog.text");
	resetStringInfo(attributes);
	if (feeds_catalogue(source->connection->target))
		appendStringInfo(attributes, "pg_catalog.jsonb_build_object(%s)",
						 pairs == NULL ? "" : pairs);
	for (int i = 0; i < SOURCE_COLUMNS; i++)
		if (source->columns[i].len == 0)
			appendStringInfo(&source->columns[i], "NULL::pg_catalog.%s", types[i]);
}

/* The source of a connection, and the columns that are read of it. */
void
open_source(const Connection *connection, Source *source)
{
	Oid			relation = connection->source;
	TargetColumn columns[TARGET_COLUMNS_MAX];
	int			count = columns_of_target(connection->target, columns);
	int			name_count;
	Datum	   *names = take_keys(connection->columns, &name_count);

	if (get_rel_name(relation) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the source of connection \"%s\" is gone",
						TextDatumGetCString(connection->name)),
				 errhint("Call invtrack.connect() with the source that there is now, and then sync_all().")));
	source->connection = connection;
	source->name = qualified_name(relation);
	source->key_type_id = get_atttype(relation, find_column(relation, connection->key));
	source->key_type = type_name(source->key_type_id);
	source->key = quote_identifier(connection->key);
	for (int i = 0; i < SOURCE_COLUMNS; i++)
		initStringInfo(&source->columns[i]);
	appendStringInfo(&source->columns[SOURCE_KEY], "s.%s::pg_catalog.text" IN_BYTES, source->key);
	for (int i = 0; i < count; i++)
	{
		AttrNumber	column;

		if (!is_read(&columns[i], names, name_count))
			continue;
		column = find_column(relation, columns[i].name);
		require_date(relation, column, columns[i].place == SOURCE_DAY);
		add_column(source, &columns[i]);
	}
	complete_columns(source);
}
