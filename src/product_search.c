/*
 * product_search.c
 *		Finding products by words of their sku or name, however they are spelled.
 *
 * pg_trgm's index does the work. Two things are done around it:
 *
 * LIKE is not leakproof, so under row security PostgreSQL would read all of a
 * table before it may look for a word. So the search runs as the table's
 * owner, in a restricted operation, and gives nothing but skus; the rows of
 * these are then read as the caller, who sees only what row security lets
 * through. Whatever policies there are, they hold.
 *
 * The order (exact sku, sku prefix, name prefix, the rest) is four searches
 * with a limit each, the later only as far as the earlier left room. So a
 * word that all names have costs no more than one that few have: PostgreSQL's
 * statistics on the index expressions tell it whether to walk along the key
 * until the limit is reached or to ask the trigrams.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rls.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "catalogue.h"
#include "compat.h"
#include "letters.h"
#include "owner.h"
#include "statement.h"

#define KEYWORD_SIZE_MAX	1000
#define WORDS_MAX			(KEYWORD_SIZE_MAX / 2)
#define DEFAULT_MAX_ROWS	20

/* How many searches there are: exact sku, sku prefix, name prefix, the rest. */
#define TIERS				4
#define NAME_START_SIZE		100 /* letters: names of any length are indexed */

/* Index expressions of sql/product_search.sql, to the letter. */
#define FOLDED_SKU	"invtrack_internal.fold_case(p.sku::pg_catalog.text) COLLATE pg_catalog.\"C\""
#define FOLDED_NAME "invtrack_internal.fold_case(p.name::pg_catalog.text) COLLATE pg_catalog.\"C\""
#define NAME_START	"pg_catalog.\"left\"(" FOLDED_NAME ", " CppAsString2(NAME_START_SIZE) ")"
#define SEARCH_TEXT \
	"invtrack_internal.search_text(p.sku::pg_catalog.text, p.name::pg_catalog.text)" \
	" COLLATE pg_catalog.\"C\""

/* The types of what is found: merchant, sku, name, launched_on. */
#define PRODUCT_COLUMNS		TEXTOID, TEXTOID, TEXTOID, DATEOID

/* The parameters of a search; words follow. */
#define FIXED_PARAMETERS	4	/* merchant, limit, folded keyword, its start */

typedef struct Search
{
	Datum		merchant;
	int			parameters;
	Datum		values[FIXED_PARAMETERS + WORDS_MAX];
	Oid			types[FIXED_PARAMETERS + WORDS_MAX];
} Search;

PG_FUNCTION_INFO_V1(product_fold_case);
Datum
product_fold_case(PG_FUNCTION_ARGS)
{
	text	   *given = PG_GETARG_TEXT_PP(0);

	PG_RETURN_TEXT_P(cstring_to_text(fold_letters(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given))));
}

/* What is searched for words: no word reaches across the new line. */
PG_FUNCTION_INFO_V1(product_search_text);
Datum
product_search_text(PG_FUNCTION_ARGS)
{
	text	   *sku = PG_GETARG_TEXT_PP(0);
	text	   *name = PG_GETARG_TEXT_PP(1);

	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s\n%s",
											  fold_letters(VARDATA_ANY(sku),
														   VARSIZE_ANY_EXHDR(sku)),
											  fold_letters(VARDATA_ANY(name),
														   VARSIZE_ANY_EXHDR(name)))));
}

static void
add_parameter(Search *search, Oid type, Datum value)
{
	search->types[search->parameters] = type;
	search->values[search->parameters++] = value;
}

/* A LIKE pattern for texts that contain the word. */
static char *
containing_pattern(const char *word)
{
	StringInfoData pattern;

	initStringInfo(&pattern);
	appendStringInfoChar(&pattern, '%');
	for (; *word != '\0'; word++)
	{
		if (*word == '%' || *word == '_' || *word == '\\')
			appendStringInfoChar(&pattern, '\\');
		appendStringInfoChar(&pattern, *word);
	}
	appendStringInfoChar(&pattern, '%');
	return pattern.data;
}

/* Add the word that the text begins with; returns where the next one does. */
static const char *
add_word(Search *search, const char *word, const char *end)
{
	const char *to = word;
	size_t		space;

	while (to < end && white_space_at(to, end - to) == 0)
		to += pg_mblen(to);
	add_parameter(search, TEXTOID,
				  CStringGetTextDatum(containing_pattern(fold_letters(word, to - word))));
	while ((space = white_space_at(to, end - to)) > 0)
		to += space;
	return to;
}

/* Set up the parameters: the keyword without outer white space, and its words. */
static void
parse_keyword(Search *search, Datum merchant, const char *keyword, size_t size)
{
	const char *end = keyword + size;
	const char *folded;
	size_t		length;

	while ((length = white_space_at(keyword, end - keyword)) > 0)
		keyword += length;
	while ((length = white_space_before(keyword, end - keyword)) > 0)
		end -= length;
	folded = fold_letters(keyword, end - keyword);
	length = pg_mbcharcliplen(folded, strlen(folded), NAME_START_SIZE);
	search->merchant = merchant;
	search->parameters = 0;
	add_parameter(search, TEXTOID, merchant);
	add_parameter(search, INT8OID, (Datum) 0);
	add_parameter(search, TEXTOID, CStringGetTextDatum(folded));
	add_parameter(search, TEXTOID, PointerGetDatum(cstring_to_text_with_len(folded, length)));
	while (keyword < end)
		keyword = add_word(search, keyword, end);
}

/* The condition of a tier; in none of the earlier ones, so no row is found twice. */
static void
append_condition(StringInfo query, const Search *search, int tier)
{
	static const char *const conditions[TIERS] = {
		" AND " FOLDED_SKU " " EQ " $3",
		" AND " FOLDED_SKU " OPERATOR(pg_catalog.^@) $3"
		" AND " FOLDED_SKU " OPERATOR(pg_catalog.<>) $3",
		" AND " NAME_START " OPERATOR(pg_catalog.^@) $4"
		" AND " FOLDED_NAME " OPERATOR(pg_catalog.^@) $3"
		" AND NOT " FOLDED_SKU " OPERATOR(pg_catalog.^@) $3",
		" AND NOT " FOLDED_NAME " OPERATOR(pg_catalog.^@) $3"
		" AND NOT " FOLDED_SKU " OPERATOR(pg_catalog.^@) $3"
	};

	appendStringInfoString(query, conditions[tier]);
	for (int i = FIXED_PARAMETERS; tier == TIERS - 1 && i < search->parameters; i++)
		appendStringInfo(query, " AND " SEARCH_TEXT " OPERATOR(pg_catalog.~~) $%d", i + 1);
}

/* Become the owner of the products for a search that gives nothing but skus. */
static uint64
search_as_owner(const char *query, Search *search)
{
	Oid			product = find_relation("invtrack", "product");
	Oid			owner = owner_of_table("product");
	Naming		naming;
	Oid			caller;
	int			security;
	int			nest_level;
	int			result;

	/*
	 * A policy that binds the owner too may not let it see what the caller
	 * does.
	 */
	if (check_enable_rls(product, owner, true) == RLS_ENABLED)
		owner = GetUserId();
	GetUserIdAndSecContext(&caller, &security);
	SetUserIdAndSecContext(owner, security | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	RestrictSearchPath();
	start_naming(&naming);
	result = SPI_execute_with_args(query, search->parameters, search->types, search->values,
								   NULL, true, 0);
	finish_naming(&naming);
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(caller, security);
	if (result != SPI_OK_SELECT)	/* cannot happen: what fails raises its
									 * own error */
		elog(ERROR, "could not run \"%s\": %s", query, SPI_result_code_string(result));
	return SPI_processed;
}

/* The skus that SPI just found, in their order. */
static Datum
found_skus(uint64 count)
{
	Datum	   *skus = palloc(Max(count, 1) * sizeof(Datum));

	for (uint64 i = 0; i < count; i++)
		skus[i] = result_text(SPI_tuptable, i, 1);
	return PointerGetDatum(construct_array(skus, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Read products, as the caller, in the order of the list. */
static uint64
read_as_caller(Datum merchant, Datum skus)
{
	static Statement read_products = {
		"SELECT p.merchant, p.sku, p.name, p.launched_on FROM invtrack.product p"
		" JOIN pg_catalog.unnest($2) WITH ORDINALITY AS s(sku, place)"
		" ON p.sku " EQ " s.sku"
		" WHERE p.merchant " EQ " $1 ORDER BY s.place",
		2, {TEXTOID, TEXTARRAYOID}, CURSOR_OPT_GENERIC_PLAN, {PRODUCT_COLUMNS}
	};
	Datum		values[2] = {merchant, skus};

	return statement_run(&read_products, values, NULL, true);
}

static void
put_rows(ReturnSetInfo *result, uint64 count)
{
	for (uint64 i = 0; i < count; i++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
}

/*
 * Put at most max_rows of a tier into the result; returns how many. Where row
 * security hides some of the found, more are looked for.
 */
static int64
find_tier(ReturnSetInfo *result, Search *search, int tier, int64 max_rows)
{
	StringInfoData query;
	int64		limit = max_rows;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT p.sku::pg_catalog.text FROM invtrack.product p"
						   " WHERE p.merchant " EQ " $1");
	append_condition(&query, search, tier);
	appendStringInfoString(&query, " ORDER BY p.sku LIMIT $2");
	for (;; limit *= 4)
	{
		int64		found;
		int64		visible;

		CHECK_FOR_INTERRUPTS();
		search->values[1] = Int64GetDatum(limit);
		found = search_as_owner(query.data, search);

		/*
		 * also of no skus at all: whoever may not read products learns
		 * nothing
		 */
		visible = read_as_caller(search->merchant, found_skus(found));
		if (visible >= max_rows || found < limit)
		{
			put_rows(result, Min(visible, max_rows));
			return Min(visible, max_rows);
		}
	}
}

/* find_products(merchant, keyword, max_rows) */
PG_FUNCTION_INFO_V1(product_find);
Datum
product_find(PG_FUNCTION_ARGS)
{
	static const Oid returned[] = {PRODUCT_COLUMNS};
	Search		search;
	text	   *keyword = PG_ARGISNULL(1) ? cstring_to_text("") : PG_GETARG_TEXT_PP(1);
	int32		max_rows = PG_ARGISNULL(2) ? DEFAULT_MAX_ROWS : PG_GETARG_INT32(2);

	require_not_null(fcinfo, 0, "merchant");
	require_code(fcinfo, 0, "merchant");
	if (max_rows < 1)
		refuse(NULL, "max_rows", psprintf("max_rows %d is out of range", max_rows),
			   "max_rows is 1 or more.");
	if (VARSIZE_ANY_EXHDR(keyword) > KEYWORD_SIZE_MAX)
		refuse(NULL, "keyword",
			   psprintf("keyword of %zu bytes is too long", (size_t) VARSIZE_ANY_EXHDR(keyword)),
			   psprintf("A keyword has at most %d bytes.", KEYWORD_SIZE_MAX));
	InitMaterializedSRF(fcinfo, 0);
	require_columns(((ReturnSetInfo *) fcinfo->resultinfo)->setDesc, returned, lengthof(returned));
	SPI_connect();
	require_merchant_exists(PG_GETARG_DATUM(0));
	parse_keyword(&search, PG_GETARG_DATUM(0), VARDATA_ANY(keyword), VARSIZE_ANY_EXHDR(keyword));
	for (int tier = 0; tier < TIERS && max_rows > 0; tier++)
		max_rows -= find_tier((ReturnSetInfo *) fcinfo->resultinfo, &search, tier, max_rows);
	SPI_finish();
	return (Datum) 0;
}
