"""When a page counts as showing what a command says."""

from __future__ import annotations

from tests.deep.documents.comparing import shown_anew, shows

SAID = [
    "run 20261127T232132Z-aa0b: rollout of 3 hosts",
    "north: [1/13] fetch the code: ok (1.2 s)",
    "north: [2/13] pull and build images: ok (23 s)",
    "north: 535 requests while it changed, none failed",
]


def test_times_names_of_runs_and_counts_of_requests_may_differ() -> None:
    page = [
        "run 20261121T131541Z-eea1: rollout of 3 hosts",
        "north: [1/13] fetch the code: ok (0.2 s)",
        "north: [2/13] pull and build images: ok (1 min)",
        "north: 1 request while it changed, none failed",
    ]
    assert shows(page, SAID)


def test_words_may_not() -> None:
    assert not shows([line.replace("none", "two") for line in SAID], SAID)
    assert not shows([line.replace("3 hosts", "4 hosts") for line in SAID], SAID)
    assert not shows(SAID[:-1], SAID)
    assert not shows([*SAID, "north: changed"], SAID)


def test_an_ellipsis_stands_for_anything_and_a_line_may_be_broken_anywhere() -> None:
    assert shows([SAID[0], "…", SAID[-1]], SAID)
    assert shows(["…", "north: [2/13] pull and … ok (23 s)", "…"], SAID)
    assert not shows(["…", SAID[2], "…", SAID[1], "…"], SAID)
    broken = [*SAID[:3], "north: 535 requests", "while it changed, none failed"]
    assert shows(broken, SAID)


def test_hosts_answer_in_any_order() -> None:
    rows = ["HOST   STATE", "birch  healthy", "amber  healthy"]
    assert shows([rows[0], rows[2], rows[1]], rows)


def test_a_page_that_is_recorded_anew_leaves_out_what_it_left_out() -> None:
    page = ["run 20261121T131541Z-eea1: rollout of 4 hosts", "…", "north: 1 request, none failed"]
    assert shown_anew(page, SAID) == [SAID[0], "…", SAID[-1]]
    assert shown_anew(SAID[:2], SAID) == SAID
