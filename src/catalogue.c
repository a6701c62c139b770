/*
 * catalogue.c
 *		Merchants, products and inventory types: that they are there, and that
 *		their codes stay as they are.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "argument.h"
#include "catalogue.h"
#include "compat.h"
#include "plan.h"

static void
report_missing(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("%s", message),
			 errhint("Is the keyword right, and does it belong to that merchant?")));
}

void
report_missing_merchant(Datum merchant)
{
	report_missing(psprintf("merchant \"%s\" does not exist", TextDatumGetCString(merchant)));
}

void
check_merchant_exists(Datum merchant)
{
	static Statement find_merchant = {
		"SELECT FROM invtrack.merchant m WHERE m.merchant OPERATOR(pg_catalog.=) $1",
		1, {TEXTOID}
	};

	if (statement_run(&find_merchant, &merchant, NULL, true) == 0)
		report_missing_merchant(merchant);
}

/*
 * The merchant, product and inventory type of a key exist, as far as the
 * caller can see: what row security hides does not.
 */
void
check_item_exists(FunctionCallInfo fcinfo, bool read_only)
{
	static Statement find_item = {
		"SELECT EXISTS (SELECT FROM invtrack.merchant m"
		" WHERE m.merchant OPERATOR(pg_catalog.=) $1),"
		" EXISTS (SELECT FROM invtrack.product p WHERE p.merchant OPERATOR(pg_catalog.=) $1"
		" AND p.sku OPERATOR(pg_catalog.=) $2),"
		" EXISTS (SELECT FROM invtrack.inventory_type i WHERE i.merchant OPERATOR(pg_catalog.=) $1"
		" AND i.inventory_type OPERATOR(pg_catalog.=) $3)",
		3, {TEXTOID, TEXTOID, TEXTOID}
	};
	Datum		key[3];
	const char *merchant = TextDatumGetCString(PG_GETARG_DATUM(ARG_MERCHANT));
	bool		found[3];
	bool		is_null;

	for (int i = 0; i < lengthof(key); i++)
		key[i] = PG_GETARG_DATUM(i);
	statement_run(&find_item, key, NULL, read_only);
	for (int i = 0; i < lengthof(found); i++)
		found[i] = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
											  i + 1, &is_null));
	if (!found[ARG_MERCHANT])
		report_missing_merchant(key[ARG_MERCHANT]);
	if (!found[ARG_SKU])
		report_missing(psprintf("product \"%s\" of merchant \"%s\" does not exist",
								TextDatumGetCString(key[ARG_SKU]), merchant));
	if (!found[ARG_INVENTORY_TYPE])
		report_missing(psprintf("inventory type \"%s\" of merchant \"%s\" does not exist",
								TextDatumGetCString(key[ARG_INVENTORY_TYPE]), merchant));
}

/*
 * In a trigger before an update: does the column say something else in the
 * new row? 5.0 says what 5 does.
 */
bool
column_changes(const TriggerData *trigger, const char *name)
{
	TupleDesc	columns = trigger->tg_relation->rd_att;
	int			column = SPI_fnumber(columns, name);
	Form_pg_attribute attribute = TupleDescAttr(columns, column - 1);
	bool		old_null,
				new_null;
	Datum		old_value = heap_getattr(trigger->tg_trigtuple, column, columns, &old_null);
	Datum		new_value = heap_getattr(trigger->tg_newtuple, column, columns, &new_null);
	TypeCacheEntry *type;

	if (old_null || new_null)
		return old_null != new_null;
	type = lookup_type_cache(attribute->atttypid, TYPECACHE_EQ_OPR_FINFO);
	return !DatumGetBool(FunctionCall2Coll(&type->eq_opr_finfo, attribute->attcollation,
										   old_value, new_value));
}

/* A column's value as an error shows it. */
static const char *
shown_value(HeapTuple row, TupleDesc columns, const char *name)
{
	char	   *value = SPI_getvalue(row, columns, SPI_fnumber(columns, name));

	return value == NULL ? "null" : psprintf("\"%s\"", value);
}

/*
 * Trigger, BEFORE UPDATE OF the same columns FOR EACH ROW: refuses to change
 * them. Its arguments are a hint and the names of the columns. An UPDATE that
 * sets what is there already passes.
 */
PG_FUNCTION_INFO_V1(catalogue_refuse_change);
Datum
catalogue_refuse_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	char	  **arguments;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("refuse_change() works only as a trigger before update of rows")));
	arguments = trigger->tg_trigger->tgargs;
	for (int i = 1; i < trigger->tg_trigger->tgnargs; i++)
	{
		TupleDesc	columns = trigger->tg_relation->rd_att;

		if (column_changes(trigger, arguments[i]))
			ereport(ERROR,
					(errcode(ERRCODE_RESTRICT_VIOLATION),
					 errmsg("%s of table %s cannot be changed from %s to %s",
							arguments[i], RelationGetRelationName(trigger->tg_relation),
							shown_value(trigger->tg_trigtuple, columns, arguments[i]),
							shown_value(trigger->tg_newtuple, columns, arguments[i])),
					 errhint("%s", arguments[0])));
	}
	return PointerGetDatum(trigger->tg_newtuple);
}
