"""A host with several applications: each is asked and shown, in one question to the host."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunker.fleet import Fleet
from bunker.fleet.models import Host
from bunker.remote import Completed, Remote
from bunker.terminal.home_text import home_lines
from bunker.terminal.lines import Line
from bunker.terminal.recap_text import Repeat
from bunker.terminal.status_text import health_lines, status_lines
from bunker.workflows.home import OpenRuns
from bunker.workflows.probe import BEGINS, script_for
from bunker.workflows.status import HostStatus, status_of
from tests.unit.workflows.conftest import Program
from tests.unit.workflows.probe_answers import HEALTHY, UP, answer, encoded

WIKI = {"kind": "compose", "folder": "wiki", "url": "http://127.0.0.1:8088/"}
END = "@@bunker end\n"
DOWN = "web|exited|none|3|-|wiki-web-1|Exited (3)\n"


def with_wiki(directory: Path | None = None, **more: object) -> Host:
    place = {"directory": str(directory)} if directory else {}
    return Host.model_validate(
        {
            **{"name": "north", "address": "192.0.2.1", "domain": "north.example.org"},
            **{"groups": ["changemaker"], "applications": {"wiki": {**WIKI, **place, **more}}},
        }
    )


def of_each(main: str, wiki: str) -> str:
    """An answer of a host from those of two hosts that have one application each."""
    host, application = main.split("@@bunker generation", 1)
    parts = {"changemaker": application, "wiki": wiki.split("@@bunker generation", 1)[1]}
    ends = {name: part.removesuffix(END) for name, part in parts.items()}
    text = "".join(f"{BEGINS}{name}\n@@bunker generation{part}" for name, part in ends.items())
    return f"{host}{text}{END}"


def status(main: str, wiki: str, host: Host | None = None) -> HostStatus:
    return status_of(host or with_wiki(), Completed("north", 0, of_each(main, wiki), ""))


def test_both_are_asked_at_once_by_what_is_placed_for_each(
    remote: Remote, program: Program, tmp_path: Path
) -> None:
    program("docker", "exit 0")
    program("curl", 'case "$*" in *8088*) printf "hello\\n200" ;; *) printf "\\n502" ;; esac')
    main, wiki = tmp_path / "main", tmp_path / "wiki"
    for folder, text in (
        (main, "NGINX_HTTP_PORT=80\n"),
        (wiki, f"BUNKER_HEALTH_URL={WIKI['url']}\n"),
    ):
        folder.mkdir()
        (folder / ".env").write_text(text)
    host = with_wiki(wiki)
    host = host.model_copy(
        update={"application": host.application.model_copy(update={"directory": str(main)})}
    )
    done = remote.run(script_for(host), sudo=True)
    assert (done.returncode, done.stderr) == (0, "")
    found = status_of(host, Completed("north", 0, done.stdout, ""))
    assert [one.application for one in found.each] == ["changemaker", "wiki"]
    assert [one.probe and one.probe.health.code for one in found.each] == [502, 200]


@pytest.mark.parametrize(
    ("main", "wiki", "state", "reasons"),
    [
        (answer(HEALTHY, UP), answer(HEALTHY, UP), "healthy", ()),
        (answer(HEALTHY, UP), answer("absent", "", None), "healthy", ()),
        (answer("absent", "", None), answer("absent", "", None), "not deployed", ()),
        (
            answer(HEALTHY, UP),
            answer(encoded(503, "no"), DOWN),
            "unhealthy",
            ("wiki: http://127.0.0.1:8088/ answers 503", "wiki: web ended with 3"),
        ),
        (
            answer(encoded(502, "no"), UP, wrong="the unit ufw has failed\n"),
            answer(HEALTHY, UP, wrong="the unit ufw has failed\n"),
            "unhealthy",
            ("the API answers 502", "the unit ufw has failed"),
        ),
    ],
)
def test_the_host_is_as_its_worst_application_is(
    main: str, wiki: str, state: str, reasons: tuple[str, ...]
) -> None:
    found = status(main, wiki)
    assert (found.overall.state, found.overall.reasons) == (state, reasons)
    assert found.healthy == (state == "healthy")
    answered = found.to_json()
    assert (answered["state"], list(answered["applications"])) == (state, ["changemaker", "wiki"])


def test_a_project_without_an_address_is_healthy_by_its_containers() -> None:
    wiki = answer("nowhere", UP)
    assert status(answer(HEALTHY, UP), wiki, with_wiki(url=None)).overall.healthy
    sick = answer("nowhere", DOWN)
    assert status(answer(HEALTHY, UP), sick, with_wiki(url=None)).overall.reasons == (
        "wiki: web ended with 3",
    )


def below(found: HostStatus) -> list[Line]:
    return home_lines(Fleet("lab", Path(), {}), [found], OpenRuns(), Repeat())


def test_each_application_is_a_row_and_is_named_where_its_logs_are_shown() -> None:
    found = status(answer(HEALTHY, UP), answer(HEALTHY, DOWN))
    lines = [" ".join(line.text.split()) for line in (*status_lines([found]), *below(found))]
    assert lines[1].startswith("north healthy #3 v2")
    assert lines[2].startswith("north/wiki degraded #3 v2 4f2a91c 2026-11-20 200")
    assert "north/wiki: runs #3 v2, its file says main" in lines
    assert "north/wiki: web ended with 3" in lines
    assert lines[-1] == "lab: 1 host: 1 degraded"
    shown = [line.text for line in health_lines(found, Repeat())]
    assert "  GET http://127.0.0.1:8088/: 200" in shown
    assert "  try: invoke logs --host north --app wiki --service web" in shown


def test_one_that_its_file_does_not_name_any_more_is_told() -> None:
    text = of_each(answer(HEALTHY, UP), answer(HEALTHY, UP))
    more = "@@bunker known\nchangemaker\nold-wiki\nwiki\n@@bunker wrong\n"
    there = Completed("north", 0, text.replace("@@bunker wrong\n", more), "")
    found = status_of(with_wiki(), there)
    assert found.forgotten == ("old-wiki",)
    assert found.to_json()["not_in_file"] == ["old-wiki"]
    shown = [line.text for line in below(found)]
    place = shown.index("Not in its file any more")
    assert shown[place + 1].startswith("  north: old-wiki (docs/other-applications.md says how")
    assert found.healthy


def test_an_answer_without_one_of_them_is_never_guessed() -> None:
    whole = of_each(answer(HEALTHY, UP), answer(HEALTHY, UP))
    cut = whole.replace(f"{BEGINS}wiki\n", "")
    assert status_of(with_wiki(), Completed("north", 0, cut, "")).verdict.state == "unknown"
    short = whole.removesuffix(END)
    assert status_of(with_wiki(), Completed("north", 0, short, "")).verdict.state == "unknown"
