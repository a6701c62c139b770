/*
 * row_security.h
 *		Row security that binds whoever must see all rows.
 */
#ifndef INVTRACK_ROW_SECURITY_H
#define INVTRACK_ROW_SECURITY_H

/* row_security.c */
extern void require_row_security(void);

#endif							/* INVTRACK_ROW_SECURITY_H */
