/*
 * letters.h
 *		What texts have in common that look the same.
 */
#ifndef INVTRACK_LETTERS_H
#define INVTRACK_LETTERS_H

extern Oid	folding_collation(void);
extern char *fold_letters(const char *bytes, size_t size);

#endif							/* INVTRACK_LETTERS_H */
