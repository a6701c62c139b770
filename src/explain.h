/*
 * explain.h
 *		The explanation of a tracker's health, and the sentences of its rows.
 */
#ifndef INVTRACK_EXPLAIN_H
#define INVTRACK_EXPLAIN_H

#include "nodes/execnodes.h"

#include "figure.h"

/* What the rows are made of. */
typedef struct Explanation
{
	ReturnSetInfo *result;
	TrackerRule rule;
	Judgement	judgement;
	NullableDatum figures[FIGURES];
	int32		as_of;
	int32		window_start;	/* may be before the calendar begins */
	int32		window_end;
} Explanation;

/* explain_note.c */
extern const char *note_of_lot(const Explanation *e, Datum lot, int32 expires_on,
							   Datum quantity, bool counts);
extern const char *note_of_day(const Explanation *e, int32 day, Quantity net, bool counts);
extern const char *note_of_window(const Explanation *e, Quantity net, int32 first,
								  int32 launched_on);
extern const char *note_of_quantity(const Explanation *e);
extern const char *note_of_on_hand(const Explanation *e);
extern const char *note_of_daily_sales(const Explanation *e);
extern const char *note_of_threshold(const Explanation *e);
extern const char *note_of_expiry(const Explanation *e);
extern const char *note_of_result(const Explanation *e);

#endif							/* INVTRACK_EXPLAIN_H */
