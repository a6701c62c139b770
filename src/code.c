/*
 * code.c
 *		Codes and the white space that they must not begin or end with.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "code.h"
#include "compat.h"
#include "owner.h"

/* White space beyond ASCII is at most this long in UTF-8. */
#define SPACE_SIZE_MAX	3

/* Unicode's White_Space, and U+FEFF, the byte order mark that files begin with. */
static bool
is_unicode_space(pg_wchar c)
{
	return (c >= 0x0009 && c <= 0x000D) || c == 0x0020 || c == 0x0085 || c == 0x00A0 ||
		c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
		c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

/*
 * The size of the white space character that the bytes begin with; 0 if they
 * do not. In databases of other encodings than UTF-8 only ASCII counts.
 */
size_t
white_space_at(const char *bytes, size_t size)
{
	const unsigned char *c = (const unsigned char *) bytes;
	size_t		length;

	if (size == 0)
		return 0;
	if (!IS_HIGHBIT_SET(c[0]))
		return is_unicode_space(c[0]) ? 1 : 0;
	if (GetDatabaseEncoding() != PG_UTF8)
		return 0;
	length = pg_utf_mblen(c);
	return length <= Min(size, SPACE_SIZE_MAX) && is_unicode_space(utf8_to_unicode(c)) ? length : 0;
}

/* The same, of the one that they end with. */
size_t
white_space_before(const char *bytes, size_t size)
{
	for (size_t length = 1; length <= Min(size, SPACE_SIZE_MAX); length++)
	{
		const char *last = bytes + size - length;

		/* a byte of 10xxxxxx goes on with a character of UTF-8 */
		if ((*last & 0xC0) != 0x80 || GetDatabaseEncoding() != PG_UTF8)
			return white_space_at(last, length);
	}
	return 0;
}

/*
 * Is it a code: not empty, not too long, and without white space at either
 * end? Versions before 0.3 looked for white space of ASCII only. Codes that
 * they took are old: what is there already may stay and be worked with.
 */
CodeKind
code_kind(const char *bytes, size_t size)
{
	size_t		first = white_space_at(bytes, size);
	size_t		last = white_space_before(bytes, size);

	if (size == 0 || size > CODE_SIZE_MAX || first == 1 || last == 1)
		return CODE_WRONG;
	return first > 0 || last > 0 ? CODE_OLD : CODE_SOUND;
}

/*
 * Do rows come from elsewhere, so that they are taken as they are? Logical
 * replication tells itself by session_replication_role, which only a superuser
 * may set.
 */
bool
old_codes_are_taken(void)
{
	return is_restore("product") || SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;
}

/* What to do about a code that is none. White space that cannot be seen is named. */
const char *
code_hint(const char *bytes, size_t size)
{
	const char *rule = psprintf("A code has 1 to %d bytes and no white space at either end.",
								CODE_SIZE_MAX);
	size_t		length = white_space_at(bytes, size);
	const char *place = length > 0 ? "begins" : "ends";

	if (length == 0 && (length = white_space_before(bytes, size)) > 0)
		bytes += size - length;
	if (size > CODE_SIZE_MAX)
		return psprintf("%s This one has %zu.", rule, size);
	if (length <= 1 && (length == 0 || *bytes == ' '))
		return rule;
	return psprintf("%s This one %s with the character U+%04X.", rule, place,
					(unsigned) utf8_to_unicode((const unsigned char *) bytes));
}

/* is_code(code): the rule */
PG_FUNCTION_INFO_V1(code_is_code);
Datum
code_is_code(PG_FUNCTION_ARGS)
{
	text	   *code = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(code_kind(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)) == CODE_SOUND);
}

/* The same before 0.3, for the CHECKs of tables that await the update. */
PG_FUNCTION_INFO_V1(invtrack_is_code);
Datum
invtrack_is_code(PG_FUNCTION_ARGS)
{
	text	   *code = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(code_kind(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)) != CODE_WRONG);
}

/* The order of two codes, or keys: that of their bytes, which is that of the collation "C". */
int
compare_codes(Datum a, Datum b)
{
	text	   *code_a = DatumGetTextPP(a);
	text	   *code_b = DatumGetTextPP(b);
	int			size_a = VARSIZE_ANY_EXHDR(code_a);
	int			size_b = VARSIZE_ANY_EXHDR(code_b);
	int			order = memcmp(VARDATA_ANY(code_a), VARDATA_ANY(code_b), Min(size_a, size_b));

	return order != 0 ? order : size_a - size_b;
}
