/*
 * suggestion.c
 *		"Did you mean": a code that is there, for one that is not.
 *
 * One that differs in case, or by one character. All that is asked of a table
 * is its next code from some text on, which the primary key tells: so it costs
 * a number of look-ups, and the number of codes does not matter. They are the
 * caller's, so that row security holds; its comparisons are leakproof.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/guc.h"

#include "access.h"
#include "code.h"
#include "compat.h"
#include "letters.h"
#include "setting.h"
#include "statement.h"
#include "suggestion.h"

/* How often the table is asked for one suggestion, and for the characters of one place. */
#define LOOKUPS_MAX			1000
#define LOOKUPS_OF_PLACE	200

#define NEXT_CODE(table, column) \
	"SELECT c." column " FROM invtrack." table " c WHERE c.merchant " EQ " $1" \
	" AND c." column " OPERATOR(pg_catalog.>=) $2 ORDER BY c." column " LIMIT 1"

static Statement next_code[CODE_COLUMNS] = {
	[MERCHANT_CODE] = {
		"SELECT c.merchant FROM invtrack.merchant c WHERE c.merchant OPERATOR(pg_catalog.>=) $2"
		" ORDER BY c.merchant LIMIT 1",
		2, {TEXTOID, TEXTOID}, CURSOR_OPT_GENERIC_PLAN, {TEXTOID}
	},
	[SKU_CODE] = {
		NEXT_CODE("product", "sku"), 2, {TEXTOID, TEXTOID}, CURSOR_OPT_GENERIC_PLAN, {TEXTOID}
	},
	[INVENTORY_TYPE_CODE] = {
		NEXT_CODE("inventory_type", "inventory_type"),
		2, {TEXTOID, TEXTOID}, CURSOR_OPT_GENERIC_PLAN, {TEXTOID}
	}
};

typedef struct Search
{
	CodeColumn	column;
	Datum		merchant;
	const char *code;
	int			lookups_left;
	char		found[CODE_SIZE_MAX + 1];	/* the code that was looked up
											 * last */
} Search;

/*
 * The first merchant from some code on, of those that were granted to the
 * caller. Row security would look at the merchants of all others in between.
 */
static const char *
next_granted(const RoleAccess *access, const char *from)
{
	int			low = 0;
	int			high = access->count;
	size_t		size = strlen(from);

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const text *merchant = access->merchants[middle].merchant;
		size_t		length = VARSIZE_ANY_EXHDR(merchant);
		int			order = memcmp(VARDATA_ANY(merchant), from, Min(length, size));

		if (order < 0 || (order == 0 && length < size))
			low = middle + 1;
		else
			high = middle;
	}
	return low < access->count ? text_to_cstring(access->merchants[low].merchant) : NULL;
}

/* The first code of the table from this one on; null where there is none, or it is enough. */
static const char *
next_from(Search *search, const char *from)
{
	Datum		values[2] = {search->merchant, CStringGetTextDatum(from)};
	const RoleAccess *access = access_of_role(GetUserId());
	const char *code = NULL;
	Datum		found;

	CHECK_FOR_INTERRUPTS();
	if (search->lookups_left-- <= 0)
		return NULL;
	if (search->column == MERCHANT_CODE && access->to_all == ACCESS_NONE)
		code = next_granted(access, from);
	else
	{
		statement_run(&next_code[search->column], values, NULL, true);
		if (take_texts(&found, 1))
			code = TextDatumGetCString(found);
	}
	if (code == NULL || strlen(code) > CODE_SIZE_MAX)
		return NULL;
	strlcpy(search->found, code, sizeof(search->found));
	return search->found;
}

/* Is there this code? */
static bool
is_there(Search *search, const char *code)
{
	const char *next = next_from(search, code);

	return next != NULL && strcmp(next, code) == 0;
}

static bool
begins_with(const char *code, const StringInfo start)
{
	return code != NULL && strncmp(code, start->data, start->len) == 0;
}

/* The character that the text begins with, in upper and in lower case. */
static void
both_cases(const char *string, char *cases[2])
{
	int			length = pg_mblen(string);

	if (length == 1)
	{
		cases[0] = psprintf("%c", pg_ascii_toupper((unsigned char) *string));
		cases[1] = psprintf("%c", pg_ascii_tolower((unsigned char) *string));
		return;
	}
	cases[0] = str_toupper(string, length, folding_collation());
	cases[1] = str_tolower(string, length, folding_collation());
}

/*
 * A code that goes on, after this start, like the rest but for case. Beginnings
 * that no code has are not followed.
 */
static bool
find_other_case(Search *search, StringInfo start, const char *rest)
{
	const int	before = start->len;
	char	   *cases[2];

	if (*rest == '\0')
		return is_there(search, start->data);
	both_cases(rest, cases);
	for (int i = 0; i < lengthof(cases); i++)
	{
		if (i > 0 && strcmp(cases[0], cases[i]) == 0)
			break;
		appendStringInfoString(start, cases[i]);
		if (begins_with(next_from(search, start->data), start) &&
			find_other_case(search, start, rest + pg_mblen(rest)))
			return true;
		start->len = before;
		start->data[before] = '\0';
	}
	return false;
}

/* The code with the two characters at this place exchanged, or without the first of them. */
static bool
find_without(Search *search, const char *place)
{
	const char *second = place + pg_mblen(place);
	const int	start = (int) (place - search->code);

	if (*second != '\0' &&
		is_there(search, psprintf("%.*s%.*s%.*s%s", start, search->code,
								  pg_mblen(second), second, (int) (second - place), place,
								  second + pg_mblen(second))))
		return true;
	return is_there(search, psprintf("%.*s%s", start, search->code, second));
}

/*
 * Go on to the text that comes after all that begin with this character.
 * False where there is none, or the encoding does not say which.
 */
static bool
next_character(char *character)
{
	unsigned char *c = (unsigned char *) character;

	if (!IS_HIGHBIT_SET(*c) && *c < 0x7F)
	{
		c[0]++;
		return true;
	}
	if (GetDatabaseEncoding() == PG_UTF8)
	{
		pg_wchar	next = *c == 0x7F ? 0x80 : utf8_to_unicode(c) + 1;

		if (next >= 0xD800 && next <= 0xDFFF)	/* surrogates are no
												 * characters */
			next = 0xE000;
		if (next > 0x10FFFF)
			return false;
		unicode_to_utf8(next, c);
		c[pg_utf_mblen(c)] = '\0';
		return true;
	}
	return pg_database_encoding_max_length() == 1 && c[0]++ < 0xFF;
}

/*
 * The code with another character at this place, or with one more: of those
 * characters that codes go on with after what stands before the place. At the
 * end, place is empty. *is_start says whether a code begins so at all.
 */
static bool
find_with_other(Search *search, const char *place, bool *is_start)
{
	const int	lookups_reserved = Max(search->lookups_left - LOOKUPS_OF_PLACE, 0);
	StringInfoData start;
	char		character[MAX_MULTIBYTE_CHAR_LEN + 1] = "\001";
	const char *next;

	initStringInfo(&start);
	appendBinaryStringInfo(&start, search->code, place - search->code);
	*is_start = begins_with(next_from(search, start.data), &start);
	if (!*is_start)
		return false;
	while (search->lookups_left > lookups_reserved)
	{
		next = next_from(search, psprintf("%s%s", start.data, character));
		if (!begins_with(next, &start))
			return false;
		next += start.len;
		strlcpy(character, next, pg_mblen(next) + 1);
		if (is_there(search, psprintf("%s%s%s", start.data, character, place)) ||
			(*place != '\0' &&
			 is_there(search, psprintf("%s%s%s", start.data, character, place + pg_mblen(place)))))
			return true;
		if (!next_character(character))
			return false;
	}
	return false;
}

/* By one character: what needs no guess at it comes first. */
static bool
find_near(Search *search)
{
	bool		is_start = true;

	for (const char *place = search->code; *place != '\0'; place += pg_mblen(place))
		if (find_without(search, place))
			return true;
	for (const char *place = search->code; is_start; place += pg_mblen(place))
	{
		if (find_with_other(search, place, &is_start))
			return true;
		if (*place == '\0')
			return false;
	}
	return false;
}

static const char *
search_code(Search *search)
{
	StringInfoData start;

	initStringInfo(&start);
	if (find_other_case(search, &start, search->code))
		return pstrdup(search->found);
	/* of a single character, any other one would do */
	if (search->code[pg_mblen(search->code)] == '\0')
		return NULL;
	search->lookups_left = LOOKUPS_MAX;
	return find_near(search) ? pstrdup(search->found) : NULL;
}

/*
 * A merchant, or a product or inventory type of a merchant, that the caller
 * can see and whose code is close to this one; null where there is none. The
 * primary key is gone by, also where statistics are older than the codes.
 */
const char *
suggest_code(CodeColumn column, Datum merchant, Datum code)
{
	Search		search = {column, merchant, TextDatumGetCString(code), LOOKUPS_MAX};
	const char *suggested;
	int			nest_level;

	if (strlen(search.code) > CODE_SIZE_MAX)
		return NULL;
	nest_level = start_using_indexes();
	set_for_now("enable_bitmapscan", "off");
	set_for_now("enable_sort", "off");
	set_for_now("jit", "off");	/* where they are needed all the same */
	suggested = search_code(&search);
	AtEOXact_GUC(false, nest_level);
	return suggested;
}
