/*
 * access_plan.c
 *		has_access(merchant, level), and what plans have in its place.
 *
 * Its support function puts the role's merchants in the place of a call when a
 * query is planned: merchant = 'm1', or merchant = ANY ('{m1,m2}'), or true or
 * false; or else has_access_as(), which names the role and what was read for
 * it. So the planner knows what a reader of one merchant reads: its plans are
 * those of the owner who asks for that merchant. And what runs goes on as the
 * role that it was planned for. access.c sees to it that no plan outlives what
 * it was made of. Planned or not, a call answers the same.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "access.h"
#include "argument.h"
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

/*
 * What compares byte by byte: the column's own collation, so that its indexes
 * are of use, if it does.
 */
static Oid
collation_of_bytes(Node *merchant)
{
	Oid			collation = exprCollation(merchant);

	return OidIsValid(collation) && get_collation_isdeterministic(collation) ? collation :
		C_COLLATION_OID;
}

/* merchant = 'm1' or merchant = ANY ('{m1,m2}') */
static Node *
make_equality(Node *merchant, const RoleAccess *access, AccessLevel level, int count)
{
	Oid			collation = collation_of_bytes(merchant);
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

/* ... AND merchant IS NOT NULL: a null is nobody's, also under NOT */
static Node *
make_merchant_clause(Node *merchant, const RoleAccess *access, AccessLevel level, int count)
{
	NullTest   *is_not_null = makeNode(NullTest);

	is_not_null->arg = (Expr *) copyObject(merchant);
	is_not_null->nulltesttype = IS_NOT_NULL;
	is_not_null->argisrow = false;
	is_not_null->location = -1;
	/* cppcheck-suppress unknownEvaluationOrder ; two nodes, of no effect */
	return (Node *) make_andclause(list_make2(make_equality(merchant, access, level, count),
											  is_not_null));
}

/* A role and the number of what was read for it, as one value of the type role_of_plan. */
static Datum
make_role_of_plan(Oid role, const RoleAccess *access)
{
	return Int64GetDatum((int64) (((uint64) access->number << 32) | role));
}

static const RoleAccess *
access_of_plan(Datum role_of_plan)
{
	uint64		value = (uint64) DatumGetInt64(role_of_plan);

	return access_as_read((Oid) value, (uint32) (value >> 32));
}

/*
 * has_access_as(merchant, level, role): the same call, of the role that plans.
 * NULL where there is no such function, before an update of the extension, or
 * the role may not execute it.
 */
static Node *
make_call_as(List *args, const RoleAccess *access, Oid collation)
{
	Datum		schema = ObjectIdGetDatum(get_namespace_oid("invtrack_internal", true));
	Oid			types[] = {TEXTOID, TEXTOID, InvalidOid};
	Oid			function;
	Const	   *role;

	types[2] = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("role_of_plan"),
							   schema);
	function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("has_access_as"),
							   PointerGetDatum(buildoidvector(types, lengthof(types))), schema);
	if (!OidIsValid(function) || !may_execute(function, GetUserId()))
		return NULL;
	role = makeConst(types[2], -1, InvalidOid, sizeof(int64),
					 make_role_of_plan(GetUserId(), access), false, FLOAT8PASSBYVAL);
	return (Node *) makeFuncExpr(function, BOOLOID, lappend(list_copy_deep(args), role),
								 InvalidOid, collation, COERCE_EXPLICIT_CALL);
}

/* The level that a call asks for, where it is written down; else ACCESS_NONE. */
static AccessLevel
level_of_call(List *args)
{
	Const	   *level;

	if (list_length(args) < 2 || !IsA(lsecond(args), Const))
		return ACCESS_NONE;
	level = lsecond_node(Const, args);
	if (level->constisnull || level->consttype != TEXTOID)
		return ACCESS_NONE;
	return access_level_of_name(VARDATA_ANY(DatumGetTextPP(level->constvalue)),
								VARSIZE_ANY_EXHDR(DatumGetTextPP(level->constvalue)));
}

/*
 * What can stand in the place of a call for a column, or for null (all
 * merchants), for the role that plans; NULL where it has too many merchants, or
 * for anything else.
 */
static Node *
make_condition(List *args, const RoleAccess *access)
{
	AccessLevel level = level_of_call(args);
	Node	   *merchant = linitial(args);
	int			count;

	if (level == ACCESS_NONE)
		return NULL;
	if (IsA(merchant, Const) ? !((Const *) merchant)->constisnull :
		!IsA(merchant, Var) || ((Var *) merchant)->vartype != TEXTOID)
		return NULL;
	if (access->to_all >= level)
		return makeBoolConst(true, false);
	count = IsA(merchant, Const) ? 0 : count_merchants(access, level);
	if (count == 0)
		return makeBoolConst(false, false);
	if (count > MERCHANTS_IN_PLAN_MAX)
		return NULL;
	return make_merchant_clause(merchant, access, level, count);
}

static Node *
simplify_call(SupportRequestSimplify *request)
{
	FuncExpr   *call = request->fcall;
	const RoleAccess *access;
	Node	   *condition;

	/* what is planned now should know all the news that there is */
	AcceptInvalidationMessages();
	if (list_length(call->args) != 2 || request->root == NULL || request->root->glob == NULL)
		return NULL;
	access = access_of_role(GetUserId());
	request->root->glob->dependsOnRole = true;
	condition = make_condition(call->args, access);
	return condition != NULL ? condition : make_call_as(call->args, access, call->inputcollid);
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
	request->selectivity = Min(1.0,
							   count_merchants(access_of_role(GetUserId()), level) / merchants);
	return (Node *) request;
}

/* planner support of has_access() and has_access_as() */
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

static bool
answer_call(FunctionCallInfo fcinfo, const RoleAccess *access, AccessLevel level)
{
	return is_access_to(access, PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0), level);
}

/* has_access(merchant, level), where it isn't planned; of the current role */
PG_FUNCTION_INFO_V1(access_has_access);
Datum
access_has_access(PG_FUNCTION_ARGS)
{
	AccessLevel level = require_access_level(fcinfo, 1);

	PG_RETURN_BOOL(answer_call(fcinfo, access_of_role(GetUserId()), level));
}

/* has_access_as(merchant, level, role); of the role of the plan */
PG_FUNCTION_INFO_V1(access_has_access_as);
Datum
access_has_access_as(PG_FUNCTION_ARGS)
{
	AccessLevel level = require_access_level(fcinfo, 1);

	require_not_null(fcinfo, 2, "role");
	PG_RETURN_BOOL(answer_call(fcinfo, access_of_plan(PG_GETARG_DATUM(2)), level));
}

/*
 * Nobody but the planner makes such a value: with another's role it would tell of another's access.
 */
PG_FUNCTION_INFO_V1(access_role_of_plan_in);
Datum
access_role_of_plan_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("values of the type role_of_plan are made by the planner alone")));
	PG_RETURN_NULL();
}

/* For EXPLAIN: the name of the role. */
PG_FUNCTION_INFO_V1(access_role_of_plan_out);
Datum
access_role_of_plan_out(PG_FUNCTION_ARGS)
{
	const char *name = GetUserNameFromId((Oid) PG_GETARG_INT64(0), true);

	PG_RETURN_CSTRING(pstrdup(name != NULL ? name : ""));
}
