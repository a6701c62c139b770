/*
 * connection_key.c
 *		Keys of a connection: their order, and the texts of those that are
 *		numbers or uuids.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type_d.h"
#include "lib/qunique.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "argument.h"
#include "code.h"
#include "connection.h"
#include "statement.h"

/* The order in which keys are locked, that of their bytes; for pointers to them. */
int
compare_keys(const void *a, const void *b)
{
	return compare_codes(*(const Datum *) a, *(const Datum *) b);
}

/* Put keys into their order, each once; how many. */
int
sort_keys(Datum *keys, int count)
{
	qsort(keys, count, sizeof(Datum), compare_keys);
	return qunique(keys, count, sizeof(Datum), compare_keys);
}

/* The keys that an array has, without nulls. */
Datum *
take_keys(Datum array, int *count)
{
	Datum	   *keys;
	bool	   *nulls;
	int			all;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &keys, &nulls,
					  &all);
	*count = 0;
	for (int i = 0; i < all; i++)
		if (!nulls[i])
			keys[(*count)++] = keys[i];
	return keys;
}

/* The place of a key that a source returned among those, each of this size, that were asked for. */
int
place_of_key(const void *keys, int count, size_t size, Datum key)
{
	const char *found = bsearch(&key, keys, count, size, compare_keys);

	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("the source returned key \"%s\", which was not asked for",
						shown(TextDatumGetCString(key))),
				 errhint("Cast the key of the source to the type that the watched tables have.")));
	return (found - (const char *) keys) / size;
}

/* Of values of this type only one text each is a key. */
bool
is_typed_key(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID || type == UUIDOID;
}

/* An integer of a type as PostgreSQL writes it; null: it is none. */
static char *
integer_key(const char *given, Oid type)
{
	char	   *end;
	int64		value;

	while (isspace((unsigned char) *given))
		given++;
	if (*given == '\0')
		return NULL;
	errno = 0;
	value = strtoll(given, &end, 10);
	while (isspace((unsigned char) *end))
		end++;
	if (errno != 0 || *end != '\0' ||
		(type == INT2OID && (value < PG_INT16_MIN || value > PG_INT16_MAX)) ||
		(type == INT4OID && (value < PG_INT32_MIN || value > PG_INT32_MAX)))
		return NULL;
	return psprintf(INT64_FORMAT, value);
}

/* A uuid as PostgreSQL writes it; null: it is none. */
static char *
uuid_key(const char *given)
{
	char		digits[32];
	int			count = 0;

	for (; *given != '\0'; given++)
	{
		if (*given == '-' || *given == '{' || *given == '}')
			continue;
		if (count == lengthof(digits) || !isxdigit((unsigned char) *given))
			return NULL;
		digits[count++] = pg_ascii_tolower((unsigned char) *given);
	}
	return count < lengthof(digits) ? NULL :
		psprintf("%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12, digits + 16,
				 digits + 20);
}

/* The key that a text is in a source whose key has this type; 0: it is no value of the type. */
Datum
key_as_type(Datum key, Oid type)
{
	char	   *given;
	char	   *canonical;

	if (!is_typed_key(type))
		return key;
	given = TextDatumGetCString(key);
	canonical = type == UUIDOID ? uuid_key(given) : integer_key(given, type);
	return canonical == NULL ? (Datum) 0 : CStringGetTextDatum(canonical);
}

/*
 * Those of some keys that a source can have whose key has this type. Others are of
 * another source or key column that the connection had before.
 */
Datum
keys_of_type(Datum keys, Oid type)
{
	Datum	   *values;
	int			count;
	int			kept = 0;

	if (!is_typed_key(type))
		return keys;
	values = take_keys(keys, &count);
	for (int i = 0; i < count; i++)
	{
		Datum		key = key_as_type(values[i], type);

		if (key != (Datum) 0 && compare_codes(key, values[i]) == 0)
			values[kept++] = values[i];
	}
	return kept == count ? keys : array_of(TEXTOID, values, NULL, kept);
}
