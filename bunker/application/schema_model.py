"""What migrations themselves make: code of before cannot depend on any of it.

The foreign keys among it are followed: through them, what code of before deletes or changes in its
own tables reaches rows that newer code wrote, and some of them refuse it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["safe", "unsafe", "not understood"]
_QUOTED_LENGTH = 60
NO_ACTION, RESTRICT, CASCADE = "a", "r", "c"  # as Postgres' parser writes them

Reasons = list[str] | None
"""Why code of before may not go on working; [] where it does, None where it is not known."""


@dataclass(frozen=True)
class StatementSafety:
    """The verdict on one statement: its line, its text on one line, why it is not safe."""

    line: int
    text: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The first characters of the text."""
        text = self.text
        return text if len(text) <= _QUOTED_LENGTH else text[:_QUOTED_LENGTH] + "…"


@dataclass
class Column:
    """A column that the migrations made.

    ``stays_empty``: a row that does not mention it holds NULL. ``fresh``: such a row holds a value
    that no other row has.
    """

    required: bool = False
    stays_empty: bool = True
    fresh: bool = False


@dataclass
class Table:
    """A table that the migrations made.

    ``checked``: columns whose values a rule checks. ``watched``: changing or deleting its rows runs
    code that is not known (a trigger, a function); ``reacts``: putting rows in does.
    """

    columns: dict[str, Column] = field(default_factory=dict)
    primary: tuple[str, ...] = ()
    checked: set[str] = field(default_factory=set)
    watched: bool = False
    reacts: bool = False


@dataclass(frozen=True)
class Key:
    """A foreign key, with what becomes of its row where the other one goes or changes."""

    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    on_delete: str
    on_update: str
    emptied: tuple[str, ...]
    name: str


@dataclass
class KnownSchema:
    """What the migrations made so far, in the order in which they are applied.

    ``tables`` are new, and so are ``types`` and ``sequences``; ``added`` are new columns of tables
    that were there before. ``indexes``: by name whether it is unique (or not known), of the
    migrations before too. ``triggered``: tables of before that have triggers. ``domains`` have
    rules of their own.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    added: dict[str, dict[str, Column]] = field(default_factory=lambda: defaultdict(dict))
    types: set[str] = field(default_factory=set)
    sequences: set[str] = field(default_factory=set)
    indexes: dict[str, bool] = field(default_factory=dict)
    triggered: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    keys: list[Key] = field(default_factory=list)

    def column(self, table: str, name: str) -> Column | None:
        """The column, where the migrations made it."""
        found = self.tables.get(table)
        return (found.columns if found else self.added.get(table, {})).get(name)

    def merge(self, other: KnownSchema) -> None:
        """Take over rules that were perhaps made; what is perhaps not new stays unknown."""
        made = other.tables.keys() - self.tables.keys()
        self.keys = [key for key in other.keys if key.child not in made]
        self.tables = {name: other.tables[name] for name in self.tables}
        self.indexes |= {name: True for name in other.indexes if name not in self.indexes}
        self.domains |= other.domains

    def conflicts(self) -> Iterator[str]:
        """How foreign keys let what code of before does fail, or take rows of its own tables."""
        deleted, moved = self._reached()
        for key in self.keys:
            old_child = key.child not in self.tables
            name = f"foreign key {key.name}"
            if key.parent not in self.tables or key.parent in deleted:
                if key.on_delete == CASCADE:
                    if old_child:
                        yield f"lets deleting from {key.parent} delete rows of {key.child} ({name})"
                        continue
                elif key.on_delete in (NO_ACTION, RESTRICT) or self._refuses(key, key.emptied):
                    yield f"rows of {key.child} keep rows of {key.parent} from going ({name})"
                    continue
            if self._moves(key, moved):
                refused = key.on_update in (NO_ACTION, RESTRICT)
                if refused or (key.on_update != CASCADE and self._refuses(key, key.columns)):
                    yield f"rows of {key.child} keep a key of {key.parent} from changing ({name})"
        for name, table in self.tables.items():
            moves, watched = moved.get(name, set()), table.watched
            if table.checked & moves or (watched and (moves or name in deleted)):
                yield f"deleting or changing older rows reaches rules of {name}"

    def _reached(self) -> tuple[set[str], dict[str, set[str]]]:
        """New tables whose rows go, and columns that change, with rows of tables of before."""
        deleted: set[str] = set()
        moved: dict[str, set[str]] = defaultdict(set)
        before = -1
        while before != (before := len(deleted) + sum(map(len, moved.values()))):
            for key in self.keys:
                parent_goes = key.parent not in self.tables or key.parent in deleted
                if parent_goes and key.on_delete == CASCADE and key.child in self.tables:
                    deleted.add(key.child)
                elif parent_goes and key.on_delete not in (NO_ACTION, RESTRICT, CASCADE):
                    moved[key.child].update(key.emptied)
                if self._moves(key, moved) and key.on_update not in (NO_ACTION, RESTRICT):
                    moved[key.child].update(key.columns)
        return deleted, moved

    def _moves(self, key: Key, moved: dict[str, set[str]]) -> bool:
        parent = self.tables.get(key.parent)
        if parent is None:
            return True
        return bool(set(key.parent_columns or parent.primary) & moved.get(key.parent, set()))

    def _refuses(self, key: Key, emptied: tuple[str, ...]) -> bool:
        """Whether a column that the key empties (or sets to its default) cannot be empty."""
        columns = [self.column(key.child, name) for name in emptied]
        return not all(column and column.stays_empty and not column.required for column in columns)
