/*
 * distribute.h
 *		Tables that Citus has distributed.
 */
#ifndef INVTRACK_DISTRIBUTE_H
#define INVTRACK_DISTRIBUTE_H

/* distribute.c */
extern bool is_distributed(void);
extern void require_not_distributed(const char *what, const char *hint);
extern bool is_session_of_citus(void);
extern bool settings_are_passed_on(void);
extern void call_on_workers(const char *function, const char *arguments);
extern void send_access_to_workers(void);

#endif							/* INVTRACK_DISTRIBUTE_H */
