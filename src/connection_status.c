/*
 * connection_status.c
 *		Connections that cannot follow their source, for who may know.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/rls.h"

#include "access.h"
#include "owner.h"
#include "statement.h"

/* broken_connections() */
PG_FUNCTION_INFO_V1(connection_broken_connections);
Datum
connection_broken_connections(PG_FUNCTION_ARGS)
{
	static Statement count = {
		"SELECT pg_catalog.count(*) FROM invtrack.connection c"
		" WHERE invtrack_internal.source_problem(c) IS NOT NULL",
		0, {InvalidOid}, 0, {INT8OID}
	};
	Caller		caller;
	int64		broken;

	if (check_enable_rls(find_relation("invtrack", "connection_reject"), InvalidOid,
						 true) == RLS_ENABLED &&
		!is_access_to(access_of_role(GetUserId()), NULL, ACCESS_READ))
		PG_RETURN_INT64(0);
	become_owner("connection", &caller);
	SPI_connect();
	(void) statement_run(&count, NULL, NULL, true);
	broken = result_int64(SPI_tuptable, 0, 1);
	SPI_finish();
	become_caller(&caller);
	PG_RETURN_INT64(broken);
}
