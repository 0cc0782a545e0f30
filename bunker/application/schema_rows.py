"""Statements that read or write rows: what they do to code that was written before them."""

from typing import Any

from bunker.application.schema_expressions import only_computes
from bunker.application.schema_model import CASCADE, KnownSchema, Reasons
from bunker.application.schema_tables import name_of


def insert(node: Any, known: KnownSchema) -> Reasons:
    """New rows may collide with those of code of before."""
    table = name_of(node.relation)
    if not only_computes(*_parts(node)):
        return None
    if table in known.tables:
        return None if known.tables[table].reacts else []
    if node.onConflictClause and node.onConflictClause.action.name == "ONCONFLICT_UPDATE":
        return ["rewrites rows that are there already (ON CONFLICT DO UPDATE)"]
    return [f"adds rows to {table}, which rows of code of before may collide with"]


def _parts(node: Any) -> list[Any]:
    return [getattr(node, name) for name in node]


def update(node: Any, known: KnownSchema) -> Reasons:
    """Filling columns that the same migrations added touches nothing that older code reads."""
    table = name_of(node.relation)
    if not only_computes(*_parts(node)):
        return None
    if table in known.tables:
        return None if known.tables[table].reacts else []
    if table in known.triggered:
        return [f"rewrites rows of {table} (UPDATE), which has triggers"]
    own = known.added.get(table, {})
    if all(target.name in own for target in node.targetList):
        return []
    return [f"rewrites rows of {table} (UPDATE)"]


def delete(node: Any, known: KnownSchema) -> Reasons:
    """Rows that the same migrations made may go, unless others of before go with them."""
    table = name_of(node.relation)
    if not only_computes(*_parts(node)):
        return None
    follows = any(k.on_delete == CASCADE and k.child not in known.tables for k in known.keys)
    harmless = table in known.tables and not known.tables[table].reacts and not follows
    return [] if harmless else [f"deletes rows of {table}"]


def truncate(node: Any, _known: KnownSchema) -> Reasons:
    """Whose rows they are is not known."""
    return [f"empties table {', '.join(map(name_of, node.relations))}"]


def select(node: Any, _known: KnownSchema) -> Reasons:
    """Looking does no harm, unless it calls or makes something."""
    return [] if node.intoClause is None and only_computes(*_parts(node)) else None
