/*
 * access_plan.c
 *		has_access(merchant, level) in plans.
 *
 * Its support function puts the role's merchants in the place of a call when a
 * query is planned: merchant = 'm1', or merchant = ANY ('{m1,m2}'), or true or
 * false. So the look-up happens once a plan, and the planner knows what a
 * reader of one merchant reads: its plans are those of the owner who asks for
 * that merchant. access.c sees to it that no plan outlives what it was made of.
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/selfuncs.h"

#include "access.h"
#include "compat.h"

/*
 * Up to so many merchants stand in a plan. Beyond, each row's merchant is
 * looked up when it is read, since an index descends once for each merchant
 * of a list, and since plans would grow.
 */
#define MERCHANTS_IN_PLAN_MAX	16

static int
count_merchants(const RoleAccess *access, AccessLevel level)
{
	int			count = 0;

	for (int i = 0; i < access->count; i++)
		count += access->merchants[i].level >= level;
	return count;
}

/* merchant = 'm1' or merchant = ANY ('{m1,m2}') */
static Node *
make_merchant_clause(Node *merchant, const RoleAccess *access, AccessLevel level, int count)
{
	Oid			collation = exprCollation(merchant);
	Datum	   *codes = palloc(count * sizeof(Datum));
	ArrayType  *array;
	ScalarArrayOpExpr *any;
	int			filled = 0;

	for (int i = 0; i < access->count; i++)
		if (access->merchants[i].level >= level)
			codes[filled++] = datumCopy(PointerGetDatum(access->merchants[i].merchant), false, -1);
	if (count == 1)
	{
		Const	   *code = makeConst(TEXTOID, -1, collation, -1, codes[0], false, false);
		OpExpr	   *equal = (OpExpr *) make_opclause(TextEqualOperator, BOOLOID, false,
													 (Expr *) merchant, (Expr *) code,
													 InvalidOid, collation);

		equal->opfuncid = F_TEXTEQ;
		return (Node *) equal;
	}
	array = construct_array(codes, count, TEXTOID, -1, false, TYPALIGN_INT);
	any = makeNode(ScalarArrayOpExpr);
	any->opno = TextEqualOperator;
	any->opfuncid = F_TEXTEQ;
	any->useOr = true;
	any->inputcollid = collation;
	any->args = list_make1(merchant);
	any->args = lappend(any->args, makeConst(TEXTARRAYOID, -1, collation, -1,
											 PointerGetDatum(array), false, false));
	any->location = -1;
	return (Node *) any;
}

/* The level that a call asks for, where it is written down; else ACCESS_NONE. */
static AccessLevel
level_of_call(List *args)
{
	Const	   *level;

	if (list_length(args) != 2 || !IsA(lsecond(args), Const))
		return ACCESS_NONE;
	level = lsecond_node(Const, args);
	if (level->constisnull || level->consttype != TEXTOID)
		return ACCESS_NONE;
	return access_level_of_name(VARDATA_ANY(DatumGetTextPP(level->constvalue)),
								VARSIZE_ANY_EXHDR(DatumGetTextPP(level->constvalue)));
}

/*
 * What can stand in the place of a call for a column, or for null (all
 * merchants), for the role that plans. Anything else is asked when it runs.
 */
static Node *
simplify_call(SupportRequestSimplify *request)
{
	AccessLevel level = level_of_call(request->fcall->args);
	const RoleAccess *access;
	Node	   *merchant;
	int			count;

	/* what is planned now should know all the news that there is */
	AcceptInvalidationMessages();
	if (level == ACCESS_NONE || request->root == NULL || request->root->glob == NULL)
		return NULL;
	merchant = linitial(request->fcall->args);
	if (IsA(merchant, Const) ? !((Const *) merchant)->constisnull :
		!IsA(merchant, Var) || ((Var *) merchant)->vartype != TEXTOID)
		return NULL;
	access = access_of_role(GetUserId());
	request->root->glob->dependsOnRole = true;
	if (access->to_all >= level)
		return makeBoolConst(true, false);
	count = IsA(merchant, Const) ? 0 : count_merchants(access, level);
	if (count == 0)
		return makeBoolConst(false, false);
	if (count > MERCHANTS_IN_PLAN_MAX)
		return NULL;
	return make_merchant_clause(merchant, access, level, count);
}

/* The part of the merchants that the role has. */
static Node *
estimate_selectivity(SupportRequestSelectivity *request)
{
	AccessLevel level = level_of_call(request->args);
	VariableStatData variable;
	bool		is_default;
	double		merchants;

	if (level == ACCESS_NONE || request->is_join || !IsA(linitial(request->args), Var))
		return NULL;
	examine_variable(request->root, linitial(request->args), request->varRelid, &variable);
	merchants = get_variable_numdistinct(&variable, &is_default);
	ReleaseVariableStats(variable);
	if (is_default || merchants < 1)
		return NULL;
	request->selectivity = Min(1.0, count_merchants(access_of_role(GetUserId()), level) / merchants);
	return (Node *) request;
}

PG_FUNCTION_INFO_V1(access_has_access_support);
Datum
access_has_access_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *result = NULL;

	if (IsA(request, SupportRequestSimplify))
		result = simplify_call((SupportRequestSimplify *) request);
	else if (IsA(request, SupportRequestSelectivity))
		result = estimate_selectivity((SupportRequestSelectivity *) request);
	PG_RETURN_POINTER(result);
}
