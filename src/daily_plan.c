/*
 * daily_plan.c
 *		The days that a query asks for, as arguments of what unpacks series.
 *
 * The views by day end in a function of daily.c whose last two arguments are
 * the first and the last day, infinite both. Where a query compares the day,
 * its first column, with what is known before the function runs (a constant, a
 * parameter, current_date, the result of a subquery), that goes into these
 * arguments. They only say what need not be unpacked: the comparison itself stays,
 * and what is not understood here is left to it, so rows are the same either way.
 *
 * A support function alone cannot do that: none is shown the conditions on a
 * function in FROM. A hook is, and the support function marks for it which
 * functions these are. Planning calls it before the hook, which loads the library.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "daily.h"
#include "day_series.h"

/*
 * A day begins where the session's time zone says, which may be another day of
 * the calendar elsewhere; zones have skipped and repeated days, too. So what is
 * compared with a timestamptz is taken with so many days more.
 */
#define DAYS_OF_ZONES	2

/* What is known of the days that a query asks for: any of these may be left out. */
typedef struct Bounds
{
	List	   *first;			/* each is at most the first day ... */
	List	   *last;			/* ... and at least the last one */
} Bounds;

static set_rel_pathlist_hook_type next_hook = NULL;

/* Marks the functions, and leaves all to bound_days(). */
PG_FUNCTION_INFO_V1(daily_support);
Datum
daily_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(NULL);
}

static Node *
make_date(DateADT date)
{
	return (Node *) makeConst(DATEOID, -1, InvalidOid, sizeof(DateADT), DateADTGetDatum(date),
							  false, true);
}

static Node *
call_function(Oid function, List *args)
{
	return (Node *) makeFuncExpr(function, DATEOID, args, InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CALL);
}

/* The greatest or the least of some dates; null only where all are. */
static Node *
make_extreme(MinMaxOp op, List *dates)
{
	MinMaxExpr *extreme;

	if (list_length(dates) == 1)
		return linitial(dates);
	extreme = makeNode(MinMaxExpr);
	extreme->minmaxtype = DATEOID;
	extreme->op = op;
	extreme->args = dates;
	extreme->location = -1;
	return (Node *) extreme;
}

/* Is this the day, the first column of the function? */
static bool
is_day_column(const Node *node, Index relid)
{
	const Var  *var = (const Var *) node;

	return IsA(node, Var) && var->varno == relid && var->varlevelsup == 0 &&
		var->varattno == 1 && var->vartype == DATEOID;
}

/* Which comparison of dates, or of a date and a timestamp, is this operator? 0: none. */
static int
strategy_of(Oid operator)
{
	return get_op_opfamily_strategy(operator,
									lookup_type_cache(DATEOID,
													  TYPECACHE_BTREE_OPFAMILY)->btree_opf);
}

/* Is a value known before the function runs, and the same for all its rows? */
static bool
is_known(Node *value)
{
	return !contain_var_clause(value) && !contain_volatile_functions(value) &&
		!contain_subplans(value);
}

/* A date that is no later (or no earlier) than a day that begins at this value; null: none. */
static Node *
day_of_value(Node *value, bool is_first)
{
	Node	   *date;
	Node	   *slack;

	switch (exprType(value))
	{
		case DATEOID:
			return copyObject(value);
		case TIMESTAMPOID:
			return call_function(F_DATE_TIMESTAMP, list_make1(copyObject(value)));
		case TIMESTAMPTZOID:
			date = call_function(F_DATE_TIMESTAMPTZ, list_make1(copyObject(value)));
			slack = (Node *) makeConst(INT4OID, -1, InvalidOid, sizeof(int32),
									   Int32GetDatum(DAYS_OF_ZONES), false, true);
			if (!is_first)
				/* cppcheck-suppress unknownEvaluationOrder ; both are there */
				return call_function(F_DATE_PLI, list_make2(date, slack));
			/* no date is so early that there is none before it */
			/* cppcheck-suppress unknownEvaluationOrder ; both are there */
			date = make_extreme(IS_GREATEST, list_make2(date, make_date(DATE_OF_DAY_FIRST)));
			/* cppcheck-suppress unknownEvaluationOrder ; both are there */
			return call_function(F_DATE_MII, list_make2(date, slack));
		default:
			return NULL;
	}
}

/* day < value, and the like */
static void
add_comparison(Bounds *bounds, const OpExpr *clause, Index relid)
{
	Oid			operator = clause->opno;
	Node	   *day = linitial(clause->args);
	Node	   *value = lsecond(clause->args);
	int			strategy;
	Node	   *first,
			   *last;

	if (!is_day_column(day, relid))
	{
		operator = get_commutator(operator);
		day = lsecond(clause->args);
		value = linitial(clause->args);
	}
	if (!OidIsValid(operator) || !is_day_column(day, relid) || !is_known(value))
		return;
	strategy = strategy_of(operator);
	first = day_of_value(value, true);
	last = day_of_value(value, false);
	if (strategy == 0 || first == NULL)
		return;
	if (strategy >= BTEqualStrategyNumber)
		bounds->first = lappend(bounds->first, first);
	if (strategy <= BTEqualStrategyNumber)
		bounds->last = lappend(bounds->last, last);
}

/* The dates of an array that is written down, or made of known ones; NIL: it has none. */
static List *
dates_of_array(const Node *array)
{
	List	   *dates = NIL;

	if (IsA(array, ArrayExpr) && ((const ArrayExpr *) array)->element_typeid == DATEOID &&
		!((const ArrayExpr *) array)->multidims)
		return copyObject(((const ArrayExpr *) array)->elements);
	if (IsA(array, Const) && !((const Const *) array)->constisnull &&
		((const Const *) array)->consttype == DATEARRAYOID)
	{
		Datum	   *values;
		bool	   *nulls;
		int			count;

		deconstruct_array(DatumGetArrayTypeP(((const Const *) array)->constvalue), DATEOID,
						  sizeof(DateADT), true, TYPALIGN_INT, &values, &nulls, &count);
		for (int i = 0; i < count; i++)
			if (!nulls[i])
				dates = lappend(dates, make_date(DatumGetDateADT(values[i])));
	}
	return dates;
}

/* day IN (...), which is day = ANY (array) */
static void
add_list(Bounds *bounds, const ScalarArrayOpExpr *clause, Index relid)
{
	List	   *dates;

	if (!clause->useOr || !is_day_column(linitial(clause->args), relid) ||
		!is_known(lsecond(clause->args)) ||
		strategy_of(clause->opno) != BTEqualStrategyNumber)
		return;
	dates = dates_of_array(lsecond(clause->args));
	if (dates == NIL)
		return;
	bounds->first = lappend(bounds->first, make_extreme(IS_LEAST, dates));
	bounds->last = lappend(bounds->last, make_extreme(IS_GREATEST, copyObject(dates)));
}

/* What the conditions on a function in FROM say of the days. */
static Bounds
bounds_of_conditions(const RelOptInfo *rel)
{
	Bounds		bounds = {NIL, NIL};
	ListCell   *cell;

	foreach(cell, rel->baserestrictinfo)
	{
		Node	   *clause = (Node *) lfirst_node(RestrictInfo, cell)->clause;

		if (IsA(clause, OpExpr) && list_length(((OpExpr *) clause)->args) == 2)
			add_comparison(&bounds, (OpExpr *) clause, rel->relid);
		else if (IsA(clause, ScalarArrayOpExpr))
			add_list(&bounds, (ScalarArrayOpExpr *) clause, rel->relid);
	}
	return bounds;
}

/* Is this bound written down, as this date? */
static bool
is_date(const Node *arg, DateADT date)
{
	const Const *value = (const Const *) arg;

	return IsA(arg, Const) && value->consttype == DATEOID && !value->constisnull &&
		DatumGetDateADT(value->constvalue) == date;
}

/* The call in FROM that takes all days of a series, if it is one; else null. */
static FuncExpr *
call_for_all_days(const RangeTblEntry *rte)
{
	FuncExpr   *call;
	Oid			support;
	FmgrInfo	function;

	if (rte->rtekind != RTE_FUNCTION || rte->funcordinality || list_length(rte->functions) != 1)
		return NULL;
	call = (FuncExpr *) linitial_node(RangeTblFunction, rte->functions)->funcexpr;
	if (!IsA(call, FuncExpr) || list_length(call->args) < 3 ||
		!is_date(list_nth(call->args, list_length(call->args) - 2), DATEVAL_NOBEGIN) ||
		!is_date(llast(call->args), DATEVAL_NOEND))
		return NULL;
	support = get_func_support(call->funcid);
	if (!OidIsValid(support))
		return NULL;
	fmgr_info(support, &function);
	return function.fn_addr == daily_support ? call : NULL;
}

/* Put the days that are asked for in the place of all days. */
static void
bound_days(PlannerInfo *root, RelOptInfo *rel, Index index, RangeTblEntry *rte)
{
	FuncExpr   *call;

	if (next_hook != NULL)
		next_hook(root, rel, index, rte);
	call = rel->baserestrictinfo == NIL ? NULL : call_for_all_days(rte);
	if (call != NULL)
	{
		Bounds		bounds = bounds_of_conditions(rel);
		ListCell   *first = list_nth_cell(call->args, list_length(call->args) - 2);
		ListCell   *last = list_tail(call->args);

		if (bounds.first != NIL)
			lfirst(first) = eval_const_expressions(root, make_extreme(IS_GREATEST, bounds.first));
		if (bounds.last != NIL)
			lfirst(last) = eval_const_expressions(root, make_extreme(IS_LEAST, bounds.last));
	}
}

void
daily_init(void)
{
	next_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = bound_days;
}
