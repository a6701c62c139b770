/*
 * letters.c
 *		One form for all texts that look the same.
 *
 * Case, accents, width and composition of letters make no difference to a
 * search. In UTF-8 a text is decomposed for compatibility, loses the marks
 * that are written onto a letter without making it another one, is composed
 * again, and its case is folded. In other encodings only its case is.
 *
 * Which marks are dropped is a list of ranges here, not a class of Unicode:
 * the voiced marks of Japanese and the vowels of Thai and Hindi are of the
 * same class, and words differ by them. So is the hamza of Arabic, which is
 * kept, while the signs of its short vowels go.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "common/unicode_norm.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/formatting.h"

#include "letters.h"

#define PIECE_SIZE_MAX	1024	/* bytes */

/* First and last. */
static const pg_wchar dropped_marks[][2] = {
	{0x0300, 0x036F},			/* combining diacritical marks: accents of
								 * Latin, Greek, Cyrillic */
	{0x0591, 0x05BD},			/* Hebrew: accents and points */
	{0x05BF, 0x05BF},
	{0x05C1, 0x05C2},
	{0x05C4, 0x05C5},
	{0x05C7, 0x05C7},
	{0x0610, 0x061A},			/* Arabic: honorifics and small letters above */
	{0x064B, 0x0652},			/* vowels, doubling, no vowel */
	{0x0656, 0x065E},			/* vowels of other languages */
	{0x0670, 0x0670},			/* alef above */
	{0x06D6, 0x06DC},			/* Koran: how to read aloud */
	{0x06DF, 0x06E4},
	{0x06E7, 0x06E8},
	{0x06EA, 0x06ED},
	{0x08D3, 0x08E1},			/* more of these, and vowels of other
								 * languages */
	{0x08E3, 0x08FF},
	{0xFB1E, 0xFB1E}			/* Hebrew: a point of Judeo-Spanish */
};

/* A collation that folds the letters of all languages, where there is one. */
Oid
folding_collation(void)
{
	static Oid	collation = InvalidOid;

	if (OidIsValid(collation))
		return collation;
	if (GetDatabaseEncoding() == PG_UTF8)
		/* cppcheck-suppress unknownEvaluationOrder ; two constants */
		collation = get_collation_oid(list_make2(makeString("pg_catalog"),
												 makeString("und-x-icu")), true);
	if (!OidIsValid(collation))
		collation = DEFAULT_COLLATION_OID;
	return collation;
}

static bool
is_dropped(pg_wchar letter)
{
	for (int i = 0; i < lengthof(dropped_marks) && letter >= dropped_marks[i][0]; i++)
		if (letter <= dropped_marks[i][1])
			return true;
	return false;
}

/* Append a piece of a text in UTF-8: letters composed and wide as usual, without marks. */
static void
append_plain(StringInfo plain, const char *bytes, size_t size)
{
	pg_wchar   *given = palloc((size + 1) * sizeof(pg_wchar));
	pg_wchar   *letters;
	pg_wchar   *to;
	int			length;

	pg_mb2wchar_with_len(bytes, given, size);
	letters = to = unicode_normalize(UNICODE_NFKD, given);
	for (const pg_wchar *from = letters; *from != 0; from++)
		if (!is_dropped(*from))
			*to++ = *from;
	*to = 0;
	pfree(given);
	given = unicode_normalize(UNICODE_NFKC, letters);
	pfree(letters);
	for (length = 0; given[length] != 0; length++)
		;
	enlargeStringInfo(plain, length * MAX_MULTIBYTE_CHAR_LEN + 1);
	plain->len += pg_wchar2mb_with_len(given, plain->data + plain->len, length);
	pfree(given);
}

/*
 * A long text is normalized in pieces, since the time that a run of marks takes
 * grows with the square of its length, and cannot be cancelled. A piece ends
 * before an ASCII character, which combines with nothing before it, or, where
 * there is none, anywhere.
 */
static size_t
piece_size(const char *bytes, size_t size)
{
	if (size <= PIECE_SIZE_MAX)
		return size;
	for (size_t end = PIECE_SIZE_MAX; end > 0; end--)
		if (!IS_HIGHBIT_SET(bytes[end]))
			return end;
	return pg_mbcliplen(bytes, size, PIECE_SIZE_MAX);
}

static char *
plain_letters(const char *bytes, size_t size)
{
	StringInfoData plain;
	size_t		piece;

	initStringInfo(&plain);
	for (; size > 0; bytes += piece, size -= piece)
	{
		CHECK_FOR_INTERRUPTS();
		piece = piece_size(bytes, size);
		append_plain(&plain, bytes, piece);
	}
	return plain.data;
}

/*
 * The form that all texts have that look the same. Case is folded by going to
 * lower and then to upper case. Upper case comes last since it does not depend
 * on neighbours, as the Greek final sigma does; lower case first, since some
 * capitals are their own upper case (the German capital sharp s). The dotted
 * capital I of Turkish has lost its dot as a mark before.
 */
char *
fold_letters(const char *bytes, size_t size)
{
	bool		ascii = true;
	char	   *folded;

	for (size_t i = 0; i < size && ascii; i++)
		ascii = !IS_HIGHBIT_SET(bytes[i]);
	if (ascii)
	{
		folded = pnstrdup(bytes, size);
		for (char *to = folded; *to != '\0'; to++)
			*to = pg_ascii_toupper((unsigned char) *to);
		return folded;
	}
	if (GetDatabaseEncoding() == PG_UTF8)
	{
		bytes = plain_letters(bytes, size);
		size = strlen(bytes);
	}
	folded = str_tolower(bytes, size, folding_collation());
	return str_toupper(folded, strlen(folded), folding_collation());
}
