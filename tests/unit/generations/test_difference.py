"""How two generations differ; secrets show as changed and never as what they are."""

import base64
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bunker.errors import BunkerError
from bunker.generations import Difference, Generation, read_difference
from bunker.remote import Completed
from bunker.terminal.generations_text import difference_lines
from bunker.terminal.lines import plain
from tests.unit.workflows.probe_answers import HOST

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECRET = "hunter2-hunter2"
OTHER = "correct-horse-battery"
ENV = "/opt/changemaker-lite/.env"
OVERRIDE = "/opt/changemaker-lite/docker-compose.override.yml"


def generation(number: int, **other: Any) -> Generation:
    values: dict[str, Any] = {
        "number": number,
        "time": datetime(2026, 11, 10 + number, 12, 0, tzinfo=UTC),
        "run": f"run-{number}",
        "commit": f"{number}" * 40,
        "ref": "v2",
        "configuration": "c0",
        "migration_head": "1_init",
        "images": {"api": f"sha256:{number:064x}", "redis": "sha256:7"},
        "kept": True,
    }
    return Generation(**{**values, **other})


OLD, NEW = generation(1), generation(2, migration_head="2_drop")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def file(side: str, path: str, content: str, meta: str = "600 deploy") -> str:
    return f"@@bunker {side} {meta} {encoded(path)} {encoded(content)}"


ROWS = (
    file("old", ENV, f"DOMAIN=a.example\nREDIS_PASSWORD={SECRET}\nLOG_LEVEL=info\n"),
    file("new", ENV, f"DOMAIN=b.example\nREDIS_PASSWORD={OTHER}\nLOG_LEVEL=info\n"),
    file("old", OVERRIDE, "services:\n  a: 1\n"),
    file("new", OVERRIDE, f"services:\n  a: {OTHER}\n"),
    file("old", "/etc/elsewhere", "unknown content of before"),
    file("new", "/etc/elsewhere", "unknown content of now"),
    f"@@bunker added {encoded('abc1234 Take descriptions away')}",
    f"@@bunker migration 1_init {encoded('CREATE TABLE a (id INT);')}",
    f"@@bunker migration 2_drop {encoded('DROP TABLE a;')}",
    f"@@bunker migration 3_later {encoded('DROP TABLE b;')}",
)


def compare(
    *rows: str, old: Generation = OLD, new: Generation = NEW, code: int = 0, end: str = "end"
) -> Difference:
    text = "\n".join([*rows, f"@@bunker {end}", ""])
    remote: Any = SimpleNamespace(
        host=HOST.model_copy(update={"name": "north-1"}),
        run=lambda *_a, **_k: Completed("north-1", code, text, ""),
    )
    return read_difference(remote, old, new)


def test_commits_images_files_and_migrations_are_compared() -> None:
    found = compare(*ROWS)
    assert found.added == ("abc1234 Take descriptions away",)
    assert found.removed == ()
    assert list(found.images) == ["api"]
    assert [(item.name, item.safe) for item in found.migrations] == [("2_drop", False)]
    assert not found.nothing


def test_secret_values_show_as_changed_wherever_they_stand() -> None:
    found = compare(*ROWS)
    text = plain(difference_lines("north-1", found, NOW)) + json.dumps(found.to_json())
    assert "DOMAIN: a.example → b.example" in text
    assert "REDIS_PASSWORD: •••• → •••• (changed)" in text
    assert "+  a: ••••" in text
    assert "content changed, not shown: the file is secret" in text
    assert SECRET not in text
    assert OTHER not in text
    assert "unknown content" not in text
    assert "LOG_LEVEL" not in text


def test_the_difference_reads_part_by_part() -> None:
    shown = plain(difference_lines("north-1", compare(*ROWS), NOW)).splitlines()
    assert shown[0] == "north-1: generation #1 (v2, 9 days ago) → #2 (v2, 8 days ago)"
    assert shown[1:3] == ["code: 1111111 → 2222222", "  + abc1234 Take descriptions away"]
    assert shown[3] == "images: 1 service changed"
    assert "configuration: 3 files changed" in shown
    assert shown[-2:] == [
        "  + 2_drop",
        "      drops table a: code of before may not work after it",
    ]


def test_the_other_way_round_migrations_went_with_a_restored_database() -> None:
    found = compare(*ROWS, old=NEW, new=OLD)
    assert found.backwards
    assert "the database was restored" in plain(difference_lines("north-1", found, NOW))


@pytest.mark.parametrize("rows", [("@@bunker old none", ROWS[1]), (ROWS[1],)])
def test_files_that_are_not_kept_are_said_to_be_unknown(rows: tuple[str, ...]) -> None:
    found = compare(*rows, "@@bunker added-unknown", "@@bunker removed-unknown")
    assert found.files is None
    assert found.missing == (1,)
    assert found.added is None
    shown = plain(difference_lines("north-1", found, NOW))
    assert "the files of #1 are not kept; the fingerprints are equal" in shown
    assert "is not known" in shown


def test_a_generation_and_itself_do_not_differ() -> None:
    found = compare(ROWS[0], ROWS[0].replace(" old ", " new "), old=OLD, new=OLD)
    assert found.nothing
    assert plain(difference_lines("north-1", found, NOW)).endswith("nothing differs\n")


def test_another_mode_or_owner_is_a_difference() -> None:
    changed = file("new", ENV, f"REDIS_PASSWORD={SECRET}\n", "644 root")
    found = compare(file("old", ENV, f"REDIS_PASSWORD={SECRET}\n"), changed)
    assert found.files is not None
    assert found.files[0].lines == ("mode 600 → 644", "owner deploy → root")


@pytest.mark.parametrize(
    ("rows", "code", "end"),
    [((), 1, "end"), ((), 0, "cut"), (("@@bunker added !!",), 0, "end")],
)
def test_an_answer_that_makes_no_sense_is_one_sentence(
    rows: tuple[str, ...], code: int, end: str
) -> None:
    with pytest.raises(BunkerError, match=r"north-1: the (generations|comparison)"):
        compare(*rows, code=code, end=end)


def test_what_is_no_commit_never_reaches_git() -> None:
    with pytest.raises(BunkerError, match="is no commit"):
        compare(*ROWS, old=generation(1, commit="--output=/etc/passwd"))
