/*
 * setting.h
 *		Settings for a stretch of our own code.
 */
#ifndef INVTRACK_SETTING_H
#define INVTRACK_SETTING_H

/* setting.c */
extern void set_for_now(const char *name, const char *value);
extern int	start_using_indexes(void);

#endif							/* INVTRACK_SETTING_H */
