"""Tables in migrations: columns and rules that are added, changed or taken away."""

from typing import Any, Final

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType

from bunker.application.schema_expressions import (
    is_fresh,
    is_null,
    is_plain,
    mentioned,
    only_computes,
    type_name,
)
from bunker.application.schema_model import Column, Key, KnownSchema, Table

_SERIAL: Final = frozenset({"serial", "bigserial", "serial4", "serial8"})
_OTHER: Final = {
    ConstrType.CONSTR_PRIMARY: "a primary key",
    ConstrType.CONSTR_CHECK: "a check",
    ConstrType.CONSTR_GENERATED: "a generated value",
    ConstrType.CONSTR_IDENTITY: "a generated value",
    ConstrType.CONSTR_EXCLUSION: "an exclusion",
}
_HARMLESS: Final = frozenset(
    {
        AlterTableType.AT_SetStatistics,
        AlterTableType.AT_SetStorage,
        AlterTableType.AT_SetCompression,
        AlterTableType.AT_ValidateConstraint,  # new rows have been held to it all along
    }
)
# What code of before cannot meet where the table is new.
_HARMLESS_ON_NEW: Final = frozenset(
    {
        AlterTableType.AT_EnableRowSecurity,
        AlterTableType.AT_DisableRowSecurity,
        AlterTableType.AT_ChangeOwner,
        AlterTableType.AT_SetRelOptions,
        AlterTableType.AT_ReplicaIdentity,
        AlterTableType.AT_AddIdentity,
        AlterTableType.AT_SetIdentity,
    }
)


def name_of(relation: Any) -> str:
    """A table's name; the schema ``public`` is left out, another one stays in front."""
    if relation is None:
        return ""
    schema = relation.schemaname
    return relation.relname if schema in (None, "public") else f"{schema}.{relation.relname}"


def written_name(thing: Any) -> str:
    """The same for a name of one or more words, a type, or a function with its arguments."""
    if isinstance(thing, ast.TypeName):
        return type_name(thing)
    if isinstance(thing, ast.ObjectWithArgs):
        thing = thing.objname
    parts = [_word(part) for part in thing] if isinstance(thing, tuple) else [_word(thing)]
    return ".".join(parts[1:] if len(parts) > 1 and parts[0] == "public" else parts)


def _word(part: Any) -> str:
    # A cast, for one, is named by its types.
    return type_name(part) if isinstance(part, ast.TypeName) else str(getattr(part, "sval", "?"))


def _texts(names: Any) -> tuple[str, ...]:
    return tuple(part.sval for part in names or ())


def record_check(table: Table, *expressions: Any) -> None:
    """Values of these columns are checked by a rule; what that calls may be unknown."""
    table.checked |= mentioned(*expressions)
    if not only_computes(*expressions):
        table.watched = table.reacts = True


def _record_key(child: str, rule: Any, columns: tuple[str, ...], known: KnownSchema) -> None:
    known.keys.append(
        Key(
            child,
            columns,
            name_of(rule.pktable),
            _texts(rule.pk_attrs),
            rule.fk_del_action,
            rule.fk_upd_action,
            _texts(rule.fk_del_set_cols) or columns,
            rule.conname or "without a name",
        )
    )


def record_constraint(name: str, rule: Any, known: KnownSchema, table: Table) -> None:
    """A rule of a new table: what of it reaches code of before."""
    kind, columns = rule.contype, _texts(rule.keys)
    if kind == ConstrType.CONSTR_FOREIGN:
        _record_key(name, rule, _texts(rule.fk_attrs), known)
    elif kind == ConstrType.CONSTR_PRIMARY:
        table.primary = columns
        for column in columns:
            table.columns.setdefault(column, Column()).required = True
        if not columns:  # USING INDEX: whichever columns that has
            table.columns.clear()
    elif kind == ConstrType.CONSTR_UNIQUE:
        if rule.nulls_not_distinct:
            table.checked.update(columns or table.columns)
    elif kind == ConstrType.CONSTR_NOTNULL:
        for column in columns:
            table.columns.setdefault(column, Column()).required = True
    elif kind == ConstrType.CONSTR_EXCLUSION:
        table.checked.update(table.columns)
    else:
        record_check(table, rule.raw_expr)


def column_definition(name: str, node: Any, known: KnownSchema, table: Table) -> Column:
    """A column of a new table, with the rules that stand in its definition."""
    column = Column(required=type_name(node.typeName) in {*_SERIAL, "smallserial", *known.domains})
    for rule in node.constraints or ():
        kind = rule.contype
        if kind == ConstrType.CONSTR_PRIMARY:
            table.primary = (node.colname,)
        if kind in (ConstrType.CONSTR_PRIMARY, ConstrType.CONSTR_NOTNULL):
            column.required = True
        elif kind == ConstrType.CONSTR_FOREIGN:
            _record_key(name, rule, (node.colname,), known)
        elif kind == ConstrType.CONSTR_DEFAULT:
            column.stays_empty = is_null(rule.raw_expr)
            table.reacts |= not only_computes(rule.raw_expr)
        elif kind == ConstrType.CONSTR_UNIQUE and rule.nulls_not_distinct:
            table.checked.add(node.colname)
        elif kind in _OTHER:
            record_check(table, rule.raw_expr)
            column.stays_empty = column.stays_empty and kind == ConstrType.CONSTR_CHECK
    return column


def alter_table(node: Any, known: KnownSchema) -> list[str] | None:
    """Every action of one ALTER TABLE."""
    if node.objtype != ObjectType.OBJECT_TABLE:
        return None
    name = name_of(node.relation)
    reasons: list[str] = []
    for action in node.cmds:
        found = _action(name, action, known)
        if found is None:
            return None
        reasons += found
    return reasons


def _action(  # noqa: PLR0911 - one answer for each form
    name: str, node: Any, known: KnownSchema
) -> list[str] | None:
    kind, new = node.subtype, known.tables.get(name)
    if kind == AlterTableType.AT_AddColumn:
        if new is not None:
            if not node.missing_ok or node.def_.colname not in new.columns:
                definition = column_definition(name, node.def_, known, new)
                new.columns[node.def_.colname] = definition
            return []
        return _added_column(name, node.def_, known, may_exist=node.missing_ok)
    if kind == AlterTableType.AT_AddConstraint:
        if new is not None:
            record_constraint(name, node.def_, known, new)
            return []
        return _added_rule(name, node.def_, known)
    if kind == AlterTableType.AT_DropConstraint:
        return [f"removes rule {node.name} of {name}, which code of before may rely on"]
    if kind == AlterTableType.AT_AttachPartition:
        both = new is not None and name_of(node.def_.name) in known.tables
        return [] if both else None
    if kind in _HARMLESS or (new is not None and kind in _HARMLESS_ON_NEW):
        return []
    return _changed_column(name, node, known)


def _changed_column(  # noqa: PLR0911 - one answer for each form
    table: str, node: Any, known: KnownSchema
) -> list[str] | None:
    place, kind = f"{table}.{node.name}", node.subtype
    new = known.tables.get(table)
    column = known.column(table, node.name or "")
    if kind == AlterTableType.AT_DropColumn:
        return [f"drops column {place}"]
    if kind == AlterTableType.AT_AlterColumnType:
        return [f"changes the type of {place}"]
    if kind == AlterTableType.AT_ColumnDefault:
        return _changed_default(place, node.def_, column, new)
    if kind == AlterTableType.AT_DropNotNull:
        if column is None and new is None:
            return [f"lets {place} be empty, which code of before does not expect"]
        (column or Column()).required = False
        return []
    if kind == AlterTableType.AT_SetNotNull:
        if new is None and (column is None or column.stays_empty):
            return [f"makes {place} required"]
        (column or Column()).required = True
        return []
    return None


def _changed_default(
    place: str, default: Any, column: Column | None, new: Table | None
) -> list[str]:
    empty = default is None or is_null(default)
    if new is not None:
        new.reacts |= not only_computes(default)
    elif not empty:  # Postgres does not try it, so that it may not fit the type
        return [f"changes the default of {place}"]
    elif column is None or column.required:
        return [f"takes the default of {place} away"]
    if column is not None:
        column.stays_empty, column.fresh = empty, False
    return []


def _added_column(  # noqa: PLR0911, PLR0912 - one answer for each form
    table: str, node: Any, known: KnownSchema, *, may_exist: bool
) -> list[str]:
    place, serial = f"{table}.{node.colname}", type_name(node.typeName) in _SERIAL
    column, default, foreign, unique = Column(), None, None, False
    for rule in node.constraints or ():
        kind = rule.contype
        if kind in _OTHER:
            return [f"adds column {place} with {_OTHER[kind]}, which code of before may break"]
        if kind == ConstrType.CONSTR_NOTNULL:
            column.required = True
        elif kind == ConstrType.CONSTR_DEFAULT:
            default = rule.raw_expr
        elif kind == ConstrType.CONSTR_FOREIGN:
            foreign = rule
        elif kind == ConstrType.CONSTR_UNIQUE:
            unique = True
            if rule.nulls_not_distinct:
                return [f"makes values of {table} unique (column {node.colname})"]
    column.stays_empty = not serial and (default is None or is_null(default))
    column.fresh = default is not None and is_fresh(default)
    if type_name(node.typeName) in {*known.domains, "smallserial"}:
        return [f"adds column {place} of a type that not every row can have"]
    if not (column.stays_empty or serial) and not is_plain(default, node.typeName, known.sequences):
        return [f"adds column {place} with a default that is not a plain value"]
    if column.required and column.stays_empty:
        return [f"adds a required column {place} without default"]
    if unique and not (column.stays_empty or column.fresh):
        return [f"adds column {place} whose default must be unique"]
    if foreign and not column.stays_empty:
        return [f"adds column {place} whose default must refer to another row"]
    if not may_exist:
        known.added[table][node.colname] = column
    if foreign:
        _record_key(table, foreign, (node.colname,), known)
    return []


def _added_rule(table: str, rule: Any, known: KnownSchema) -> list[str]:
    name = rule.conname or "without a name"
    columns = _texts(rule.fk_attrs if rule.contype == ConstrType.CONSTR_FOREIGN else rule.keys)
    found = [known.column(table, column) for column in columns]
    empty = bool(found) and all(c and c.stays_empty and not c.required for c in found)
    if rule.contype == ConstrType.CONSTR_FOREIGN:
        # MATCH FULL makes one NULL among several columns an error.
        if not empty or rule.fk_matchtype == "f":
            return [f"adds a rule to existing rows of {table} (foreign key {name})"]
        _record_key(table, rule, columns, known)
        return []
    if rule.contype == ConstrType.CONSTR_UNIQUE and empty and not rule.nulls_not_distinct:
        return []
    return [f"adds a rule to existing table {table} ({name}), which code of before may break"]
