"""Expressions in migrations: which cannot fail, which do nothing but compute, what a default is."""

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import A_Expr_Kind, SQLValueFunctionOp

_TIMES = frozenset({"now", "clock_timestamp", "transaction_timestamp", "statement_timestamp"})
_UUIDS = frozenset({"gen_random_uuid", "uuid_generate_v4"})
_TIME_TYPES = frozenset({"timestamp", "timestamptz", "date"})
_LONG_TEXTS = frozenset({"text", "varchar"})
_MOMENTS = frozenset(
    {
        SQLValueFunctionOp.SVFOP_CURRENT_TIMESTAMP,
        SQLValueFunctionOp.SVFOP_CURRENT_TIMESTAMP_N,
        SQLValueFunctionOp.SVFOP_LOCALTIMESTAMP,
        SQLValueFunctionOp.SVFOP_LOCALTIMESTAMP_N,
        SQLValueFunctionOp.SVFOP_CURRENT_DATE,
    }
)
# Functions that give a value for every value: an index on them refuses nothing.
_TOTAL = frozenset({"lower", "upper", "btrim", "ltrim", "rtrim", "md5", "to_tsvector", "coalesce"})
# Functions that only compute. Whatever is not listed may change something.
_PURE_NAMES = """abs age array_agg array_append array_cat array_length array_position array_remove
    array_to_string avg bool_and bool_or cardinality ceil ceiling char_length concat concat_ws
    count date_part date_trunc decode dense_rank digest encode every extract first_value floor
    format greatest initcap json_agg json_build_array json_build_object jsonb_agg
    jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array
    jsonb_build_object jsonb_each jsonb_each_text jsonb_object_agg jsonb_set jsonb_typeof
    lag last_value lead least left length lpad make_interval max min mod nullif overlay
    percent_rank position power random rank regexp_match regexp_matches regexp_replace
    regexp_split_to_array repeat replace reverse right round row_number row_to_json rpad sign
    split_part sqrt starts_with string_agg string_to_array strpos substr substring sum
    timezone to_char to_date to_json to_jsonb to_number to_regclass to_regtype to_timestamp
    translate trim trunc unnest generate_series"""
_PURE = _TIMES | _UUIDS | _TOTAL | frozenset(_PURE_NAMES.split())
_WRITERS = (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt, ast.IntoClause)
_TOTAL_OPERATORS = "= <> < > <= >= || -> ->> #> #>> @> ? ~~ ~~* !~~ !~~*"
_TOTAL_NODES = (
    ast.ColumnRef, ast.A_Const, ast.String, ast.Integer, ast.Float, ast.Boolean, ast.BoolExpr,
    ast.NullTest, ast.BooleanTest, ast.CoalesceExpr, ast.A_ArrayExpr, ast.TypeName,
)  # fmt: skip


def nodes(*roots: Any) -> Iterator[Any]:
    """Every node below; without recursion, so that no depth is too deep."""
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (tuple, list)):
            waiting += node
        elif isinstance(node, ast.Node):
            yield node
            waiting += (getattr(node, name) for name in node)


def function_name(call: ast.FuncCall) -> str:
    """Its name without pg_catalog; another schema stays in front."""
    return ".".join(part.sval for part in call.funcname or ()).removeprefix("pg_catalog.")


def only_computes(*roots: Any) -> bool:
    """True where nothing below writes, or calls a function that is not known only to compute."""
    return not any(
        isinstance(node, _WRITERS)
        or (isinstance(node, ast.FuncCall) and function_name(node) not in _PURE)
        for node in nodes(*roots)
    )


def never_fails(*roots: Any) -> bool:
    """True where the expression has a value for every row."""
    for node in nodes(*roots):
        if isinstance(node, ast.FuncCall):
            if function_name(node) not in _TOTAL:
                return False
        elif isinstance(node, ast.A_Expr):
            listed = node.kind in (A_Expr_Kind.AEXPR_IN, A_Expr_Kind.AEXPR_LIKE)
            plain = node.kind in (A_Expr_Kind.AEXPR_OP, A_Expr_Kind.AEXPR_ILIKE) or listed
            if not plain or (node.name or ())[-1].sval not in _TOTAL_OPERATORS.split():
                return False
        elif isinstance(node, ast.TypeCast):
            if not isinstance(node.arg, ast.A_Const) and type_name(node.typeName) != "text":
                return False
        elif not isinstance(node, _TOTAL_NODES):
            return False
    return True


def mentioned(*roots: Any) -> set[str]:
    """Columns that an expression names."""
    last = [(node.fields or ())[-1] for node in nodes(*roots) if isinstance(node, ast.ColumnRef)]
    return {part.sval for part in last if isinstance(part, ast.String) and part.sval}


def type_name(kind: Any) -> str:
    """The name of a type as Postgres' parser knows it: int4, timestamptz, Role; "" for none."""
    names = [part.sval for part in kind.names or ()] if kind else []
    if len(names) > 1 and names[0] in ("pg_catalog", "public"):
        names = names[1:]
    return ".".join(names)


def is_null(expression: Any) -> bool:
    """True for NULL, with casts or without."""
    while isinstance(expression, ast.TypeCast):
        expression = expression.arg
    return isinstance(expression, ast.A_Const) and bool(expression.isnull)


def _is_constant(expression: Any) -> bool:
    if isinstance(expression, ast.TypeCast):
        expression = expression.arg
    if isinstance(expression, ast.A_ArrayExpr):
        return all(_is_constant(element) for element in expression.elements or ())
    return isinstance(expression, ast.A_Const) and not expression.isnull


def is_fresh(expression: Any) -> bool:
    """True for a function that gives another value each time."""
    while isinstance(expression, ast.TypeCast):
        expression = expression.arg
    return isinstance(expression, ast.FuncCall) and function_name(expression) in _UUIDS


def is_plain(  # noqa: PLR0911 - one answer for each form
    expression: Any, kind: Any, new_sequences: set[str]
) -> bool:
    """True where a column's default gives a value that is never NULL and cannot fail.

    A constant is tried by Postgres when the column is added; a function is not, so that its value
    has to fit the type however long it is.
    """
    if _is_constant(expression):
        return True
    wanted = type_name(kind)
    long_text = wanted in _LONG_TEXTS and not kind.typmods and not kind.arrayBounds
    if isinstance(expression, ast.TypeCast):
        long_text &= type_name(expression.typeName) == "text"
        wanted = "" if type_name(expression.typeName) != wanted else wanted
        expression = expression.arg
    moment = (wanted in _TIME_TYPES and not kind.arrayBounds) or long_text
    if isinstance(expression, ast.SQLValueFunction):
        return moment and expression.op in _MOMENTS
    if not isinstance(expression, ast.FuncCall):
        return False
    name, arguments = function_name(expression), expression.args or ()
    if name == "timezone" and len(arguments) == 2 and _is_constant(arguments[0]):
        return moment and is_plain(arguments[1], kind, set())
    if name == "nextval" and len(arguments) == 1 and wanted in ("int4", "int8"):
        return _sequence(arguments[0]) in new_sequences
    if arguments:
        return False
    return (name in _TIMES and moment) or (name in _UUIDS and (wanted == "uuid" or long_text))


def _sequence(argument: Any) -> str:
    constant = argument.arg if isinstance(argument, ast.TypeCast) else argument
    value = getattr(getattr(constant, "val", None), "sval", "") or ""
    return str(value).replace('"', "").removeprefix("public.")
