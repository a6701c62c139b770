/*
 * json_rows.h
 *		Rows that callers hand in as a JSON array of objects.
 */
#ifndef INVTRACK_JSON_ROWS_H
#define INVTRACK_JSON_ROWS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "refusal.h"

#define FIELDS_MAX	10

typedef enum FieldKind
{
	FIELD_TEXT,
	FIELD_NUMERIC,
	FIELD_INTEGER,
	FIELD_BIGINT,
	FIELD_DATE
} FieldKind;

typedef struct Field
{
	const char *name;
	FieldKind	kind;
	bool		required;
} Field;

/* A value as it stood in the file; string is null where there is none. */
typedef struct FieldValue
{
	bool		is_given;		/* also as null */
	const char *string;
	Refusal		refusal;
	int			input_state;	/* SQLSTATE that an INSERT of the text would
								 * raise */
	NullableDatum converted;
} FieldValue;

/* json_rows.c */
extern int	count_json_rows(Jsonb *rows, const char *argument);
extern void read_json_row(Jsonb *rows, int row, const char *argument, const Field *fields,
						  int count, FieldValue *values);

#endif							/* INVTRACK_JSON_ROWS_H */
