"""Each kind of statement: what it does to code that was written before it.

A list of what is known to be harmless, over the statements of Postgres' own parser. A rule gives
the reasons why code of before may not go on working, [] where it does, and None where it cannot
tell; a statement without a rule is not understood. What a statement makes is noted in the schema.
"""

from collections.abc import Callable
from typing import Any, Final

from pglast import ast
from pglast.enums import ObjectType, TransactionStmtKind, VariableSetKind

from bunker.application.schema_expressions import mentioned, never_fails, only_computes, type_name
from bunker.application.schema_model import KnownSchema, Reasons, Table
from bunker.application.schema_rows import delete, insert, select, truncate, update
from bunker.application.schema_tables import (
    alter_table,
    column_definition,
    name_of,
    record_check,
    record_constraint,
    written_name,
)

Rule = Callable[[Any, KnownSchema], Reasons]

_SETTINGS: Final = """lock_timeout statement_timeout client_min_messages transaction_timeout
    idle_in_transaction_session_timeout check_function_bodies maintenance_work_mem transaction"""
_SETTINGS_AS_THEY_ARE: Final = {("standard_conforming_strings", "on"), ("client_encoding", "utf8")}
# Extensions that add names only. Others hook into what statements do (intarray: `&&` on int[]).
_EXTENSIONS: Final = """btree_gin btree_gist citext cube earthdistance fuzzystrmatch hstore ltree
    pg_stat_statements pg_trgm pgcrypto plpgsql postgis postgis_topology tablefunc unaccent
    uuid-ossp vector"""
_INSERTED: Final = 4  # of a trigger's events


def _create_table(node: Any, known: KnownSchema) -> Reasons:
    relation, parents = node.relation, [name_of(parent) for parent in node.inhRelations or ()]
    if relation.relpersistence == "t":  # it may hide a table of before from what follows
        return None
    table, name = Table(), name_of(relation)
    if parents and (node.partbound is None or parents[0] not in known.tables):
        # A further partition takes rows as its parent does, unless it has rules of its own.
        plain = node.partbound is not None and not node.tableElts and node.partspec is None
        return [] if plain else None
    known.tables[name] = table
    for element in node.tableElts or ():
        if isinstance(element, ast.ColumnDef):
            table.columns[element.colname or ""] = column_definition(name, element, known, table)
        elif isinstance(element, ast.Constraint):
            record_constraint(name, element, known, table)
    for part in node.partspec.partParams if node.partspec else ():
        table.checked |= {part.name} if part.name else mentioned(part.expr)
    return []


def _create_table_as(node: Any, known: KnownSchema) -> Reasons:
    relation = node.into.rel
    if relation.relpersistence == "t" or not only_computes(node.query):
        return None
    if not node.if_not_exists:
        known.tables[name_of(relation)] = Table()
    return []


def _index(node: Any, known: KnownSchema) -> Reasons:
    table, name = name_of(node.relation), node.idxname or ""
    columns = [element.name for element in node.indexParams if element.name]
    expressions = [element.expr for element in node.indexParams if element.expr]
    if name and node.if_not_exists:  # the one that is there may be a unique one
        known.indexes.setdefault(name, True)
    elif name:
        known.indexes[name] = node.unique
    new = known.tables.get(table)
    if new is not None:
        if node.nulls_not_distinct:
            new.checked.update(columns)
        for expression in (*expressions, node.whereClause):
            if expression is not None and not never_fails(expression):
                record_check(new, expression)
        return []
    if node.unique:
        found = [known.column(table, column) for column in columns]
        own = all(column is not None for column in found) and not expressions and bool(columns)
        apart = any(c and (c.fresh or (c.stays_empty and not c.required)) for c in found)
        # A predicate over columns of before: code of before moves rows into the index.
        own &= all(known.column(table, column) for column in mentioned(node.whereClause))
        if not (own and apart and never_fails(node.whereClause)) or node.nulls_not_distinct:
            return [f"makes values of {table} unique, which those of code of before may not be"]
        return []
    if not never_fails(expressions, node.whereClause):
        return [f"indexes an expression over {table} that some values may not have"]
    return []


def _view(node: Any, _known: KnownSchema) -> Reasons:
    if node.replace:
        return [f"replaces view {name_of(node.view)}, which code of before may use"]
    return None if node.view.relpersistence == "t" else []


def _function(node: Any, _known: KnownSchema) -> Reasons:
    if node.replace:
        kind = "procedure" if node.is_procedure else "function"
        return [f"replaces {kind} {written_name(node.funcname)}, which code of before may use"]
    # No one calls a trigger's function; another one may be taken for one that is there already.
    return [] if type_name(node.returnType) == "trigger" else None


def _trigger(node: Any, known: KnownSchema) -> Reasons:
    table = known.tables.get(name_of(node.relation))
    if table is None:
        return None
    table.reacts = True
    table.watched |= node.events != _INSERTED
    return []


def _policy(node: Any, known: KnownSchema) -> Reasons:
    table = name_of(node.table)
    return [] if table in known.tables else [f"limits which rows of {table} can be seen (policy)"]


def _enum(node: Any, known: KnownSchema) -> Reasons:
    known.types.add(written_name(node.typeName))
    return []


def _sequence(node: Any, known: KnownSchema) -> Reasons:
    # One with options may end, or be another one that was there.
    if not node.options and not node.if_not_exists and node.sequence.relpersistence != "t":
        known.sequences.add(name_of(node.sequence))
    return []


def _changed_sequence(node: Any, _known: KnownSchema) -> Reasons:
    owned = all(option.defname == "owned_by" for option in node.options or ())
    return [] if owned else [f"changes sequence {name_of(node.sequence)}"]


def _domain(node: Any, known: KnownSchema) -> Reasons:
    if node.constraints:
        known.domains.add(written_name(node.domainname))
    return []


def _changed_enum(node: Any, known: KnownSchema) -> Reasons:
    name = written_name(node.typeName)
    if node.oldVal is not None:
        return [f"renames type {name} or a value of it"]
    if name in known.types:
        return []
    return [f"adds value {node.newVal!r} to type {name}, which code of before cannot read"]


def _rename(node: Any, known: KnownSchema) -> Reasons:
    kind, old, new = node.renameType, name_of(node.relation), node.newname
    if kind == ObjectType.OBJECT_TABCONSTRAINT:
        return []
    if kind == ObjectType.OBJECT_INDEX:
        # Postgres lets ALTER INDEX rename a table, too.
        sure = old in known.indexes or old.endswith(("_idx", "_pkey", "_index", "_unique"))
        if not sure and not (old.endswith("_key") and old.count("_") > 1):
            return [f"renames index {old}, which may be a table"]
        unique = known.indexes.pop(old, None)
        if unique is not None:
            known.indexes[new] = unique
        return []
    if kind == ObjectType.OBJECT_COLUMN:
        return [f"renames column {old}.{node.subname}"]
    if kind == ObjectType.OBJECT_TABLE:
        old = f"{old} to {new}"
    return [f"renames {_words(kind)} {old or node.subname or written_name(node.object)}"]


def _words(kind: ObjectType) -> str:
    name = kind.name.removeprefix("OBJECT_").replace("MATVIEW", "materialized view")
    return name.replace("_", " ").lower()


def _drop(node: Any, known: KnownSchema) -> Reasons:
    kind = _words(node.removeType)
    names = [written_name(thing) for thing in node.objects]
    if kind == "index":  # without a unique one ON CONFLICT fails
        names = [name for name in names if known.indexes.pop(name, True)]
    return [f"drops {kind} {', '.join(names)}"] if names else []


def _transaction(node: Any, _known: KnownSchema) -> Reasons:
    kinds = TransactionStmtKind
    known = (kinds.TRANS_STMT_BEGIN, kinds.TRANS_STMT_START, kinds.TRANS_STMT_COMMIT)
    return [] if node.kind in known else None


def _setting(node: Any, _known: KnownSchema) -> Reasons:
    name = (node.name or "").lower()
    if name in _SETTINGS.split():
        return []
    values = [
        str(getattr(getattr(one, "val", None), "sval", "")).lower() for one in node.args or ()
    ]
    as_it_is = node.kind == VariableSetKind.VAR_SET_VALUE and len(values) == 1
    return [] if as_it_is and (name, values[0]) in _SETTINGS_AS_THEY_ARE else None


RULES: Final[dict[str, Rule]] = {
    "AlterDefaultPrivilegesStmt": lambda node, _known: [] if node.action.is_grant else None,
    "AlterEnumStmt": _changed_enum,
    "AlterSeqStmt": _changed_sequence,
    "AlterTableStmt": alter_table,
    "CommentStmt": lambda _node, _known: [],
    "CompositeTypeStmt": lambda _node, _known: [],
    "CreateDomainStmt": _domain,
    "CreateEnumStmt": _enum,
    "CreateExtensionStmt": lambda node, _known: [] if node.extname in _EXTENSIONS.split() else None,
    "CreateFunctionStmt": _function,
    "CreatePolicyStmt": _policy,
    "CreateRoleStmt": lambda _node, _known: [],
    "CreateSchemaStmt": lambda node, _known: None if node.schemaElts else [],
    "CreateSeqStmt": _sequence,
    "CreateStatsStmt": lambda _node, _known: [],
    "CreateStmt": _create_table,
    "CreateTableAsStmt": _create_table_as,
    "CreateTrigStmt": _trigger,
    "DeleteStmt": delete,
    "DropStmt": _drop,
    "GrantStmt": lambda node, _known: [] if node.is_grant else ["takes rights away (REVOKE)"],
    "IndexStmt": _index,
    "InsertStmt": insert,
    "LockStmt": lambda _node, _known: [],
    "RenameStmt": _rename,
    "SelectStmt": select,
    "TransactionStmt": _transaction,
    "TruncateStmt": truncate,
    "UpdateStmt": update,
    "VacuumStmt": lambda node, _known: None if node.is_vacuumcmd else [],
    "VariableSetStmt": _setting,
    "ViewStmt": _view,
}
