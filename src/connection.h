/*
 * connection.h
 *		Connections to the tables that people already have.
 */
#ifndef INVTRACK_CONNECTION_H
#define INVTRACK_CONNECTION_H

#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "compat.h"

/* What is read of a source, column by column, and the columns of invtrack_internal.source_rows. */
enum
{
	SOURCE_KEY,
	SOURCE_MERCHANT,
	SOURCE_SKU,
	SOURCE_INVENTORY_TYPE,
	SOURCE_CODE,
	SOURCE_DAY,
	SOURCE_QUANTITY,
	SOURCE_ATTRIBUTES,
	SOURCE_COLUMNS
};

#define SOURCE_TYPES \
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, DATEOID, NUMERICOID, JSONBOID

/* A row of invtrack.connection, with what stands beside it. */
typedef struct Connection
{
	Datum		name;
	Datum		number;			/* in the tables of keys and rows */
	Datum		target;
	int32		rank;			/* of the target: what is referred to comes
								 * first */
	Oid			source;
	char	   *key;			/* its column in the source */
	Datum		columns;		/* that are read beside it, by name: an array */
} Connection;

#define TARGET_COUNT	7

/* So often keys are brought in line anew, since somebody changed the codes of their products. */
#define ATTEMPTS_MAX	10

/* The source of a connection, for texts of queries. */
typedef struct Source
{
	const Connection *connection;
	char	   *name;			/* of the relation, qualified and quoted */
	const char *key;			/* quoted */
	Oid			key_type_id;
	const char *key_type;		/* its name, qualified */
	StringInfoData columns[SOURCE_COLUMNS];
} Source;

/* For more keys than these, queries of sources and SQL functions are planned each time. */
#define FEW_KEYS	20

/* How many columns a source has beside its key, at most. */
#define TARGET_COLUMNS_MAX	10

/* A column that the source of a target has beside its key. */
typedef struct TargetColumn
{
	const char *name;
	int			place;			/* SOURCE_..., where it goes */
	bool		is_required;
} TargetColumn;

/* Why a row is not taken. */
typedef struct RowFault
{
	const char *sqlstate;
	const char *message;
	const char *hint;
	const char *column;
} RowFault;

/* connection.c */
extern bool find_connection(Datum name, Connection *connection);
extern void get_connection(Datum name, Connection *connection);
extern SPIPlanPtr plan_of_source(const char *query, int nargs, Oid *types);
extern uint64 run_as_owner_of_source(Snapshot snapshot, const Source *source, const char *query,
									 int nargs, Oid *types, Datum *values);
extern uint64 read_source(Snapshot snapshot, const Connection *connection, Datum keys,
						  int32 max_rows);
extern Portal open_rows_of_source(const Connection *connection);

/* connection_arrival.c */
extern void note_arrival(const char *table_name);

/* connection_compare.c */
extern int	keep_differing(const Connection *connection, Datum *keys, int count);

/* connection_item.c */
extern void require_not_fed(Datum merchant, Datum sku);
extern Datum lock_items(Datum merchant, Datum *skus, int count);
extern void move_items(Datum merchant, Datum sku, Datum other_sku, Datum items);
extern uint64 forget_items(Datum items);

/* connection_key.c */
extern int	compare_keys(const void *a, const void *b);
extern int	sort_keys(Datum *keys, int count);
extern Datum *take_keys(Datum array, int *count);
extern int	place_of_key(const void *keys, int count, size_t size, Datum key);
extern bool is_typed_key(Oid type);
extern Datum key_as_type(Datum key, Oid type);
extern Datum keys_of_type(Datum keys, Oid type);

/* connection_lock.c */
extern void hold_numbering(int rank, Datum *merchants, Datum *skus, int count);
extern void lock_items_of_products(Datum *merchants, Datum *skus, int count);
pg_noreturn extern void report_renamed_items(void);

/* connection_movement.c */
extern void forget_rejects(Datum connection, Datum keys);
extern bool sync_movements(const Connection *connection, Datum *keys, int count, bool is_empty,
						   int attempt, uint64 *written);

/* connection_note.c */
extern List *add_note(List *noted, Oid table, const char *column, Datum key);
extern void sync_noted(List *noted);

/* connection_row.c */
extern int	rank_of_target(Datum target);
extern Datum target_of_rank(int rank);
extern bool feeds_catalogue(Datum target);
extern bool feeds_movements(Datum target);
extern int	columns_of_target(Datum target, TargetColumn *columns);
extern const RowFault *find_row_fault(text *target, const NullableDatum *row);

/* connection_source.c */
extern char *qualified_name(Oid relation);
extern void open_source(const Connection *connection, Source *source);

/* connection_sync.c */
extern int	lock_keys(const Connection *connection, Datum *keys, int count, bool is_empty);
extern void require_all_keys(Datum number);
extern uint64 sync_locked_keys(const Connection *connection, Datum *keys, int count,
							   bool is_empty);

/* connection_trigger.c */
extern Oid	watched_table(Relation table);

/* note_store.c */
extern void note_store_init(void);
extern void note(Oid table, const char *column, const char *key);
extern uint64 count_notes(void);
extern bool has_notes(void);
extern bool is_draining_notes(void);
extern void drain_notes(void);

/* connection_watch.c */
extern void connection_init(void);
extern void note_key(const char *connection, const char *key);
extern void note_table(Oid table);

#endif							/* INVTRACK_CONNECTION_H */
