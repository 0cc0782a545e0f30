"""Whatever is done to the log without its key is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bunker.audit import append, read, verify
from bunker.audit.chain import Entry
from bunker.audit.files import AuditFiles

FLEET = "production"
SIZE = 12


@dataclass(frozen=True)
class Book:
    root: Path
    files: AuditFiles
    content: bytes = field(repr=False)

    def problems_of(self, content: bytes) -> list[str]:
        self.files.log.write_bytes(content)
        return [problem.kind for problem in verify(self.root, FLEET).problems]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    root = tmp_path_factory.mktemp("book")
    for number in range(SIZE):
        append(root, FLEET, "run.host", hosts=[f"h{number}"], what={"n": number}, outcome="ok")
    files = AuditFiles.of(root, FLEET)
    return Book(root, files, files.log.read_bytes())


def lines_of(book: Book) -> list[bytes]:
    return book.content.splitlines(keepends=True)


numbers = st.integers(0, SIZE - 1)
quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


@quick
@given(place=st.integers(0, 10**9), byte=st.integers(0, 255))
def test_any_changed_byte_is_found(book: Book, place: int, byte: int) -> None:
    place %= len(book.content) - 1  # without the last line break, see below
    assume(book.content[place] != byte)
    edited = book.content[:place] + bytes([byte]) + book.content[place + 1 :]
    assert book.problems_of(edited)


@quick
@given(place=st.integers(0, 10**9), more=st.binary(min_size=1, max_size=40))
def test_anything_put_in_is_found_or_is_half_a_line_at_the_end(
    book: Book, place: int, more: bytes
) -> None:
    place %= len(book.content) + 1
    found = book.problems_of(book.content[:place] + more + book.content[place:])
    torn = verify(book.root, FLEET).torn
    assert found or (torn and place == len(book.content))


@quick
@given(start=numbers, length=st.integers(1, SIZE))
def test_deleted_entries_are_found(book: Book, start: int, length: int) -> None:
    lines = lines_of(book)
    kept = lines[:start] + lines[start + length :]
    found = book.problems_of(b"".join(kept))
    assert found == ["truncated" if start + length >= SIZE else "deleted"]


@quick
@given(order=st.permutations(range(SIZE)))
def test_another_order_is_found(book: Book, order: list[int]) -> None:
    assume(order != sorted(order))
    lines = lines_of(book)
    assert "swapped" in book.problems_of(b"".join(lines[number] for number in order))


@quick
@given(source=numbers, target=st.integers(0, SIZE))
def test_a_repeated_entry_is_found(book: Book, source: int, target: int) -> None:
    lines = lines_of(book)
    lines.insert(target, lines[source])
    assert book.problems_of(b"".join(lines))


@quick
@given(size=st.integers(0, 10**9))
def test_a_log_cut_anywhere_is_found(book: Book, size: int) -> None:
    size %= len(book.content) - 1
    assert "truncated" in book.problems_of(book.content[:size])


@quick
@given(number=numbers, text=st.text(max_size=20))
def test_a_field_rewritten_in_proper_form_is_found_by_its_number(
    book: Book, number: int, text: str
) -> None:
    lines = lines_of(book)
    entry = Entry.from_line(lines[number])
    assume(text != entry.outcome)
    lines[number] = replace(entry, outcome=text.encode(errors="replace").decode()).to_line()
    book.files.log.write_bytes(b"".join(lines))
    problem = verify(book.root, FLEET).problem
    assert problem is not None
    assert (problem.kind, problem.seq) == ("edited", number + 1)


def with_a_key_given_twice(line: bytes) -> bytes:
    return line.replace(b'{"event"', b'{"event":"run.ended","event"', 1)


def with_blanks(line: bytes) -> bytes:
    return json.dumps(json.loads(line)).encode() + b"\n"


def with_deep_nesting(_line: bytes) -> bytes:
    return b"[" * 100_000 + b"\n"


@pytest.mark.parametrize("change", [with_a_key_given_twice, with_blanks, with_deep_nesting])
def test_another_spelling_of_the_same_content_is_found(
    book: Book, change: Callable[[bytes], bytes]
) -> None:
    lines = lines_of(book)
    lines[3] = change(lines[3])
    assert book.problems_of(b"".join(lines)) == ["edited"]


def test_an_entry_made_without_the_key_is_found(log: AuditFiles, tmp_path: Path) -> None:
    *_, last = read(tmp_path, FLEET)
    forged = replace(last, seq=6, previous=last.mac, event="approval").signed(b"guess")
    with log.log.open("ab") as stream:
        stream.write(forged.to_line())
    assert [problem.seq for problem in verify(tmp_path, FLEET).problems] == [6]


def test_another_fleets_log_in_this_ones_place_is_found(log: AuditFiles, tmp_path: Path) -> None:
    append(tmp_path, "lab", "run.host")
    other = AuditFiles.of(tmp_path, "lab")
    log.log.write_bytes(other.log.read_bytes())
    log.head.write_bytes(other.head.read_bytes())
    assert "fleet lab" in verify(tmp_path, FLEET).problems[0].text


@pytest.mark.parametrize("damage", ["removed", "emptied"])
def test_a_head_file_that_is_gone_is_told(log: AuditFiles, tmp_path: Path, damage: str) -> None:
    if damage == "removed":
        log.head.unlink()
    else:
        log.head.write_text("")
    assert "head file" in verify(tmp_path, FLEET).problems[0].text


@pytest.mark.parametrize("kept", [0, 3])
def test_new_entries_do_not_cover_up_a_log_that_was_cut(
    log: AuditFiles, tmp_path: Path, kept: int
) -> None:
    lines = log.log.read_bytes().splitlines(keepends=True)
    log.log.write_bytes(b"".join(lines[:kept]))
    assert append(tmp_path, FLEET, "run.started").seq == 7
    found = verify(tmp_path, FLEET)
    assert found.problem is not None
    assert (found.problem.kind, found.problem.seq) == ("deleted", kept + 1)
    assert "audit.damaged" in [entry.event for entry in read(tmp_path, FLEET)]


def test_new_entries_do_not_cover_up_an_edited_last_entry(log: AuditFiles, tmp_path: Path) -> None:
    log.log.write_bytes(log.log.read_bytes().replace(b"host-5", b"host-6"))
    append(tmp_path, FLEET, "run.started")
    append(tmp_path, FLEET, "run.ended")
    assert [problem.seq for problem in verify(tmp_path, FLEET).problems] == [5]


def test_new_entries_do_not_cover_up_a_log_that_is_no_chain_at_all(
    log: AuditFiles, tmp_path: Path
) -> None:
    log.log.write_text("nonsense\n" * 3)
    log.head.unlink()
    append(tmp_path, FLEET, "run.started")
    assert [problem.seq for problem in verify(tmp_path, FLEET).problems] == [1, 2, 3]
