/*
 * check_run.h
 *		What is around a check: none inside another, and whom its news wakes.
 */
#ifndef INVTRACK_CHECK_RUN_H
#define INVTRACK_CHECK_RUN_H

/* check_run.c */
extern void check_run_init(void);
extern void run_one_check(void (*work) (void *), void *argument, Datum merchant);
extern void notify_of_news(void);

#endif							/* INVTRACK_CHECK_RUN_H */
