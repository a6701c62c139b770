/*
 * check_guard.h
 *		What is around a check: none inside another, and whom its news wakes.
 */
#ifndef INVTRACK_CHECK_GUARD_H
#define INVTRACK_CHECK_GUARD_H

/* check_guard.c */
extern void check_guard_init(void);
extern void run_one_check(void (*work) (void *), void *argument, Datum merchant);
extern void notify_of_news(void);

#endif							/* INVTRACK_CHECK_GUARD_H */
