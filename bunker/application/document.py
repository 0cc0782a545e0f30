"""Writes docs/environment.md from the environment table.

``python -m bunker.application.document`` from the repository's root; a test fails while the
document is behind the table.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from bunker.application.features import FEATURES, REPORTING
from bunker.application.services import RESOURCES, SERVICES
from bunker.application.table import TABLE, Variable
from bunker.application.value_types import EXPECTED, ValueType
from bunker.product import folder

DOCUMENT = folder("docs") / "environment.md"

_INTRODUCTION = f"""\
# Environment of an instance

Made from the table `bunker/application/environment.csv` by `python -m bunker.application.document`;
change the table, not this page. {len(TABLE)} keys, written to `.env` beside the instance's
`docker-compose.yml` (mode 0600).

- A plain key takes the value under `environment` in the host's file, else its default.
- A key that follows another part of the host's file (`features`, `tier`, `domain`) is changed
  there; under `environment` it is an error.
- A secret stands in the host's encrypted file only. *generated* ones are made when the host is
  added (or imported), *external* ones are handed out by a third party and set by hand, *derived*
  ones are put together from other keys unless the encrypted file has a value of its own.
- **Feature** is the switch that needs the key; **required** keys must have a value while it is on.
- Values are one line each. An empty default means that the key is written empty; `DOMAIN` in one
  stands for the host's domain.
"""


def document() -> str:
    """The whole page as Markdown."""
    parts = [_INTRODUCTION]
    for title, rows in groupby(TABLE.values(), key=lambda row: row.group):
        parts.append(f"## {title}\n\n" + _variables(rows))
    parts.append("## Types\n\n" + _types())
    parts.append("## Features\n\n" + _features())
    parts.append("## Services\n\n" + _services())
    parts.append("## Subdomains\n\n" + _resources())
    return "\n".join(parts)


def _variables(rows: Iterable[Variable]) -> str:
    return _table(
        ("Key", "Type", "Default", "Secret", "Feature", "Meaning"),
        [
            (
                f"`{row.key}`",
                row.type.value,
                _default(row),
                _secret(row),
                _feature(row),
                row.meaning,
            )
            for row in rows
        ],
    )


def _default(row: Variable) -> str:
    return row.default_text or (f"`{row.default}`" if row.default else "")


def _secret(row: Variable) -> str:
    return f"generated, {row.length} {row.alphabet}" if row.generated else row.origin


def _feature(row: Variable) -> str:
    must = "required" if row.required and not row.default else ""
    name = "tier 2" if row.feature == REPORTING.name else row.feature
    return ", ".join(part for part in (name, must) if part)


def _types() -> str:
    used = {row.type for row in TABLE.values()}
    rows = [(kind.value, EXPECTED[kind]) for kind in ValueType if kind in used]
    return _table(("Type", "A value is"), rows)


def _features() -> str:
    return _table(
        ("Feature", "Meaning", "Default", "Key", "Compose profile"),
        [
            (
                f"`{row.name}`",
                row.meaning,
                "on for tier 2" if row.name == "monitoring" else "on" if row.default else "off",
                f"`{row.enable_key}`" if row.enable_key else "",
                f"`{row.profile}`" if row.profile else "",
            )
            for row in FEATURES
        ],
    )


def _services() -> str:
    return _table(
        ("Service", "Meaning", "Started"),
        [
            (f"`{row.name}`", row.meaning, f"profile `{row.profile}`" if row.profile else "always")
            for row in SERVICES
        ],
    )


def _resources() -> str:
    return _table(
        ("Subdomain", "Service", "Meaning", "Feature"),
        [(f"`{row.subdomain}`", f"`{row.service}`", row.meaning, row.feature) for row in RESOURCES],
    )


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
