"""Migrations as Prisma writes them, made from templates of many kinds with a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from tests.corpus.case import Case
from tests.corpus.templates_adding import (
    column_filled,
    enum_value,
    many_to_many,
    new_column,
    new_enum,
    new_index,
    new_relation,
    new_required_column,
    new_table,
    new_table_with_index,
    new_unique,
    relation_to_new_table,
    seed_of_new_table,
    table_that_belongs,
    table_that_keeps,
    table_that_may_belong,
    two_tables,
)
from tests.corpus.templates_changing import (
    changed_default,
    changed_type,
    dropped_column,
    dropped_index,
    dropped_key,
    dropped_table,
    enum_replaced,
    optional_now,
    renamed_column,
    renamed_index,
    renamed_key,
    required_now,
    rewritten_rows,
)
from tests.corpus.vocabulary import TEXTS

SEED: Final = 20250101
COUNT: Final = 360

Template = Callable[[random.Random, str], str]

WEIGHTS: Final[dict[Template, int]] = {
    new_table: 5, new_table_with_index: 5, table_that_belongs: 8, table_that_may_belong: 5,
    table_that_keeps: 4, two_tables: 4, many_to_many: 3, new_column: 22, new_required_column: 3,
    column_filled: 4, new_relation: 6, relation_to_new_table: 5, new_index: 6, new_unique: 4,
    dropped_index: 5, renamed_index: 4, renamed_key: 2, new_enum: 5, enum_value: 5,
    enum_replaced: 2, dropped_column: 5, dropped_table: 1, renamed_column: 2, changed_type: 3,
    changed_default: 2, required_now: 2, optional_now: 2, dropped_key: 2, seed_of_new_table: 2,
    rewritten_rows: 1,
}  # fmt: skip
"""How often each kind is met, about as in projects of some years."""


def cases() -> list[Case]:
    """The same ones every time."""
    r = random.Random(SEED)  # noqa: S311 - a corpus, no secret
    found: dict[str, Case] = {}
    while len(found) < COUNT:
        base = r.choice(sorted(TEXTS))
        chosen = r.choices(list(WEIGHTS), list(WEIGHTS.values()), k=r.choice([1, 1, 1, 2]))
        text = "\n".join(template(r, base) for template in dict.fromkeys(chosen))
        kinds = "+".join(template.__name__ for template in dict.fromkeys(chosen))
        if text in [case.migration for case in found.values()]:
            continue
        name = f"{len(found):03d} {base}: {kinds.replace('_', ' ')}"
        found[name] = Case(name, base, text)
    return list(found.values())
