"""A migration's text, read by Postgres' own parser and classified statement by statement."""

import copy
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

from pglast import ast
from pglast.enums import AlterTableType, ObjectType
from pglast.parser import ParseError, parse_plpgsql_json, parse_sql, scan

from bunker.application.schema_expressions import only_computes
from bunker.application.schema_model import KnownSchema, StatementSafety
from bunker.application.schema_rules import RULES
from bunker.application.schema_tables import name_of, written_name

_DEEPEST: Final = 3000
"""Words of one statement that can nest. Postgres' parser has no end of its own: it would crash."""
_FLAT: Final = "ICONST FCONST SCONST IDENT ASCII_44 TRUE_P FALSE_P NULL_P"
_WEIGHT: Final = {**dict.fromkeys(_FLAT.split(), 0), "ASCII_41": -1}
_NEVER_ENDS: Final = {
    "quoted string": "string",
    "/* comment": "comment",
    "quoted identifier": "quoted name",
    "dollar-quoted string": "dollar-quoted string",
}
_NOT_UNDERSTOOD: Final = "has a statement that is not understood: "


class _Unreadable(ValueError):
    """Text that is no SQL; ``at`` is where, in characters."""

    def __init__(self, problem: str, at: int = 0) -> None:
        super().__init__(problem)
        self.at = at


def known_from(history: Iterable[str]) -> KnownSchema:
    """What earlier migrations say of indexes and triggers; nothing where one cannot be read."""
    known = KnownSchema()
    for sql in history:
        try:
            statements = [(node, text) for node, _at, text in _statements(sql)]
        except _Unreadable:
            return KnownSchema()
        for node, text in statements:
            _remember(node, text, known)
    return known


def _remember(node: Any, text: str, known: KnownSchema) -> None:
    kind = type(node).__name__
    if kind == "IndexStmt" and node.idxname:
        hidden = node.if_not_exists or node.idxname in known.indexes
        known.indexes[node.idxname] = node.unique or hidden
    elif kind == "RenameStmt" and node.renameType == ObjectType.OBJECT_INDEX:
        known.indexes[node.newname] = known.indexes.pop(name_of(node.relation), True)
    elif kind == "DropStmt" and node.removeType == ObjectType.OBJECT_INDEX:
        for name in node.objects:
            known.indexes.pop(written_name(name), None)
    elif kind == "CreateTrigStmt":
        known.triggered.add(name_of(node.relation))
    elif kind == "CreateDomainStmt" and node.constraints:
        known.domains.add(written_name(node.domainname))
    elif kind in ("DoStmt", "CreateFunctionStmt"):  # whatever they do with it
        known.indexes |= {name: True for name in known.indexes if name in text}


def classify_statements(sql: str, known: KnownSchema) -> Iterator[StatementSafety]:
    """Classify a script; what its statements make is recorded in ``known``."""
    try:
        statements = list(_statements(sql))
    except _Unreadable as problem:
        yield _unreadable(sql, problem)
        return
    for node, at, text in statements:
        try:
            reasons = _reasons(node, known)
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
        ):
            reasons = None  # a form of a statement that its rule does not know
        one = StatementSafety(_line(sql, at), text, "safe")
        if reasons is None:
            reason = _NOT_UNDERSTOOD + one.short
            yield StatementSafety(one.line, text, "not understood", (reason,))
        elif reasons:
            yield StatementSafety(one.line, text, "unsafe", tuple(dict.fromkeys(reasons)))
        else:
            yield one


def _unreadable(sql: str, problem: _Unreadable) -> StatementSafety:
    line = _line(sql, problem.at)
    for words, what in _NEVER_ENDS.items():
        if str(problem).startswith(f"unterminated {words}"):
            reason = f"cannot be read: the {what} that begins in line {line} never ends"
            return StatementSafety(line, "", "not understood", (reason,))
    start = end = 0
    with suppress(ParseError, UnicodeError):
        tokens = [token for token in scan(sql) if not token.name.endswith("_COMMENT")]
        ends = [token.start for token in tokens if token.name == "ASCII_59"]
        after = max((at + 1 for at in ends if at < problem.at), default=0)
        start = next((token.start for token in tokens if token.start >= after), after)
        end = next((at for at in ends if at >= problem.at), len(sql))
    one = StatementSafety(line, " ".join(sql[start:end].split()), "not understood")
    reason = _NOT_UNDERSTOOD + one.short if one.text else f"cannot be read: {problem}"
    return StatementSafety(line, one.text, "not understood", (reason,))


def _line(sql: str, at: int) -> int:
    return sql.count("\n", 0, at) + 1


def _statements(sql: str) -> Iterator[tuple[Any, int, str]]:
    """Each statement, where it begins, and its text on one line. Raises _Unreadable."""
    text = sql.removeprefix("\ufeff")
    removed = len(sql) - len(text)
    if "\0" in text:
        raise _Unreadable("it holds a NUL character", text.index("\0"))
    try:
        deep = 0
        for token in scan(text):
            deep = 0 if token.name == "ASCII_59" else deep + _WEIGHT.get(token.name, 1)
            if deep > _DEEPEST:
                raise _Unreadable("it is too long or too deeply nested", token.start)
        found = parse_sql(text)
    except ParseError as problem:
        words, at = problem.args if len(problem.args) == 2 else (str(problem), 0)
        raise _Unreadable(str(words), at or 0) from None
    except UnicodeError:
        raise _Unreadable("it holds half a character (a lone surrogate)") from None
    for raw in found:
        start = raw.stmt_location or 0
        end = start + raw.stmt_len if raw.stmt_len else len(text)
        yield raw.stmt, start + removed, " ".join(text[start:end].split())


def _reasons(node: Any, known: KnownSchema) -> list[str] | None:
    before = set(known.conflicts()) if isinstance(node, _WITH_RULES) else set()
    if isinstance(node, ast.DoStmt):
        return _block_of(node, known)
    if getattr(node, "if_not_exists", False) and isinstance(node, ast.CreateStmt):
        perhaps = copy.deepcopy(known)
        node.if_not_exists = False
        return _reasons(node, perhaps)
    rule = RULES.get(type(node).__name__)
    found = rule(node, known) if rule else None
    if found is None or not isinstance(node, _WITH_RULES):
        return found
    return [*found, *(reason for reason in known.conflicts() if reason not in before)]


_WITH_RULES: Final = (ast.CreateStmt, ast.AlterTableStmt, ast.CreateTrigStmt)
_ONCE_ONLY: Final = (ast.CreateEnumStmt, ast.CreateStmt, ast.IndexStmt, ast.CreateRoleStmt)
"""What a DO block may make, where it is not there yet; and columns and rules of tables."""


def _block_of(node: ast.DoStmt, known: KnownSchema) -> list[str] | None:
    """A DO block in plpgsql that does nothing but make what may be missing."""
    said = {one.defname: getattr(one.arg, "sval", "") or "" for one in node.args or ()}
    body = said.get("as", "")
    if said.get("language", "plpgsql") != "plpgsql" or "$bunker$" in body:
        return None
    inner = copy.deepcopy(known)
    try:
        if sum(1 for _token in scan(body)) > _DEEPEST:
            return None
        words = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $bunker$"
        (function,) = json.loads(parse_plpgsql_json(f"{words}{body}$bunker$"))
        parts = function["PLpgSQL_function"]
        if any("default_val" in str(datum) for datum in parts.get("datums", ())):
            return None
        reasons = _run(parts["action"], inner)
    except (ParseError, _Unreadable, UnicodeError, ValueError, RecursionError):
        return None
    if reasons is not None:
        known.merge(inner)
    return reasons


def _run(  # noqa: PLR0911 - one answer for each form
    step: dict[str, Any], known: KnownSchema
) -> list[str] | None:
    """One step of plpgsql: a block, a condition, a statement."""
    ((kind, parts),) = step.items()
    if kind == "PLpgSQL_stmt_execsql" and not parts.get("into"):
        return _made_once(parts["sqlstmt"]["PLpgSQL_expr"]["query"], known)
    if kind == "PLpgSQL_stmt_return" and not parts.get("expr"):
        return []
    if kind == "PLpgSQL_stmt_raise":
        return None if parts.get("params") else []
    steps = list(parts.get("body", ())) if kind == "PLpgSQL_stmt_block" else []
    if kind == "PLpgSQL_stmt_block":
        handlers = (
            parts.get("exceptions", {}).get("PLpgSQL_exception_block", {}).get("exc_list", ())
        )
        for handler in handlers:
            steps += handler["PLpgSQL_exception"].get("action", ())
    elif kind == "PLpgSQL_stmt_if" and not parts.get("elsif_list"):
        condition = parts["cond"]["PLpgSQL_expr"]["query"]
        if not only_computes(*(node for node, _at, _text in _statements(f"SELECT {condition}"))):
            return None
        steps += [*parts.get("then_body", ()), *parts.get("else_body", ())]
    else:
        return None
    reasons: list[str] = []
    for one in steps:
        found = _run(one, known)
        if found is None:
            return None
        reasons += found
    return reasons


def _made_once(sql: str, known: KnownSchema) -> list[str] | None:
    reasons: list[str] = []
    for node, _at, _text in _statements(sql):
        adds = isinstance(node, ast.AlterTableStmt) and all(
            one.subtype in (AlterTableType.AT_AddColumn, AlterTableType.AT_AddConstraint)
            for one in node.cmds or ()
        )
        found = _reasons(node, known) if adds or isinstance(node, _ONCE_ONLY) else None
        if found is None:
            return None
        reasons += found
    return reasons
