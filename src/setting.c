/*
 * setting.c
 *		Settings for a stretch of our own code, from NewGUCNestLevel() to
 *		AtEOXact_GUC(). After an error the end of the (sub)transaction puts them
 *		back.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "setting.h"

/* Set it until the end of the stretch. */
void
set_for_now(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
}

/*
 * Start a stretch in which tables are read by their indexes, however small they
 * were when a statement was planned. Where one has none, the cost of that would
 * seem to be worth a compilation. Returns its level.
 */
int
start_using_indexes(void)
{
	int			nest_level = NewGUCNestLevel();

	set_for_now("enable_seqscan", "off");
	set_for_now("jit", "off");
	return nest_level;
}
