"""A plan on the terminal, against golden text."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import dedent

import pytest

from bunker.events import RunBatch
from bunker.journal.records import Pace
from bunker.outlook import Outlook, Risk
from bunker.plan.changes import Change, FleetPlan, HostPlan
from bunker.terminal.lines import plain
from bunker.terminal.plan_text import diff_style, plan_lines

SSHD = Change(
    "base",
    "sshd",
    "~",
    "1 file",
    ("~ /etc/ssh/sshd_config.d/00-bunker.conf", "  -PermitRootLogin yes", "  +PermitRootLogin no"),
    ("ssh",),
)
MOTD = Change("base", "banner", "-", "removed", ("- /etc/motd", "  file removed (3 lines)"))
CHECKOUT = Change("changemaker", "checkout", "+", "commit 4f2a91c00000 (v2)")


def plan(host: str, *changes: Change) -> HostPlan:
    return HostPlan(host, changes, "observed", "wanted")


def shown(
    plans: Sequence[HostPlan],
    unchanged: Sequence[str],
    failed: dict[str, str],
    unreachable: dict[str, str],
    next_command: str | None = None,
) -> str:
    every = {one.host: one for one in (*plans, *map(plan, unchanged))}
    return plain(plan_lines(FleetPlan(every, failed, unreachable), next_command))


def test_one_host() -> None:
    text = shown([plan("north", SSHD, CHECKOUT)], [], {}, {}, "invoke deploy --host north")
    assert text == dedent("""\
        north: 2 changes, 1 restart
          ~ base: sshd: 1 file
              ~ /etc/ssh/sshd_config.d/00-bunker.conf
                -PermitRootLogin yes
                +PermitRootLogin no
          + changemaker: checkout: commit 4f2a91c00000 (v2)
          restarts: ssh

        Plan: 1 host to change, 1 restart, 0 unchanged
        Apply it with: invoke deploy --host north
        """)


def test_identical_hosts_share_a_block_and_unchanged_ones_collapse() -> None:
    same = [plan(f"host-{number}", SSHD) for number in range(1, 25)]
    unchanged = [f"quiet-{number:02}" for number in range(1, 97)]
    text = shown(same, unchanged, {}, {}, "invoke deploy --group all")
    assert text == dedent("""\
        24 hosts, each 1 change, 1 restart (same diff on 24 hosts)
          host-1, host-10, host-11, host-12, host-13, host-14 and 18 more
          ~ base: sshd: 1 file
              ~ /etc/ssh/sshd_config.d/00-bunker.conf
                -PermitRootLogin yes
                +PermitRootLogin no
          restarts: ssh

        unchanged: quiet-01, quiet-02, quiet-03, quiet-04, quiet-05, quiet-06 and 90 more

        Plan: 24 hosts to change, 24 restarts, 96 unchanged
        Apply it with: invoke deploy --group all
        """)


def test_a_diff_that_differing_hosts_share_is_shown_once() -> None:
    text = shown([plan("south", SSHD, CHECKOUT), plan("north", SSHD, MOTD)], [], {}, {}, None)
    assert text == dedent("""\
        north: 2 changes, 1 restart
          ~ base: sshd: 1 file (same diff on 2 hosts)
              ~ /etc/ssh/sshd_config.d/00-bunker.conf
                -PermitRootLogin yes
                +PermitRootLogin no
          - base: banner: removed
              - /etc/motd
                file removed (3 lines)
          restarts: ssh

        south: 2 changes, 1 restart
          ~ base: sshd: 1 file (same diff as on north)
          + changemaker: checkout: commit 4f2a91c00000 (v2)
          restarts: ssh

        Plan: 2 hosts to change, 2 restarts, 0 unchanged
        """)


def test_hosts_that_could_not_be_planned_are_told_apart() -> None:
    text = shown([], ["north"], {"east": "no sudo\nask root"}, {"west": "refused"}, None)
    assert text == dedent("""\
        unchanged: north
        east: could not be planned: no sudo
            ask root
        west: unreachable: refused

        Plan: 0 hosts to change, 0 restarts, 1 unchanged, 1 failed, 1 unreachable
        """)


def test_a_host_cannot_steer_the_terminal() -> None:
    evil = Change("base", "file", "~", "x\x1b[2J", ("+ \x1b]0;owned\x07",))
    text = shown([plan("north", evil)], [], {}, {"west": "a\x1b[31mb"}, None)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert r"x\x1b[2J" in text


def test_what_a_diff_line_means() -> None:
    meanings = {line: diff_style(line) for line in ("  + a", "-b", "~ c", "@@ -1 +1 @@", "KEY: x")}
    assert list(meanings.values()) == ["add", "remove", "change", "faint", ""]


def test_a_summary_that_begins_with_its_subject_stands_alone() -> None:
    changes = (
        Change("base", "sudo", "+", "sudo set up"),
        Change("base", "authorized-keys", "~", "authorized-keys: 1 file to change"),
        Change("changemaker", "api", "~", "api-key renewed"),
    )
    assert shown([plan("north", *changes)], [], {}, {}, None).splitlines()[1:4] == [
        "  + base: sudo set up",
        "  ~ base: authorized-keys: 1 file to change",
        "  ~ changemaker: api: api-key renewed",
    ]


def test_what_is_left_as_it_is_stands_below_the_changes_of_its_own_host() -> None:
    note = "docker: daemon.json keeps its own key data-root"
    plans = [HostPlan("east", (SSHD,), "o", "w", notes=(note,)), plan("north", SSHD)]
    text = shown(plans, [], {}, {}, None)
    east, north = text.split("\n\n")[:2]
    assert f"  note: {note}" in east.splitlines()
    assert "left as it is" not in north


def short(*plans: HostPlan, outlook: Outlook | None = None, again: str | None = None) -> str:
    found = FleetPlan({one.host: one for one in plans})
    return plain(plan_lines(found, again, outlook, diff=False))


def test_a_short_plan_has_every_title_and_restart_and_no_diff() -> None:
    assert short(plan("north", SSHD, CHECKOUT, MOTD), again="invoke deploy --host north") == dedent(
        """\
        north: 3 changes, 1 restart
          ~ base: sshd: 1 file
          + changemaker: checkout: commit 4f2a91c00000 (v2)
          - base: banner: removed
          restarts: ssh

        Plan: 1 host to change, 1 restart, 0 unchanged
        Every line of it: the same command with --diff
        Apply it with: invoke deploy --host north
        """
    )


def test_many_changes_of_a_kind_are_one_line_and_removals_never_are() -> None:
    new = [Change("base", f"part-{n}", "+", "new") for n in range(20)]
    gone = [Change("base", f"old-{n}", "-", "removed") for n in range(3)]
    text = short(plan("north", *new, CHECKOUT, *gone))
    assert text.startswith(
        dedent(
            """\
            north: 24 changes
              + base: 20 new: part-0, part-1, part-2, part-3, part-4, part-5 and 14 more
              + changemaker: checkout: commit 4f2a91c00000 (v2)
              - base: old-0: removed
              - base: old-1: removed
              - base: old-2: removed
            """
        )
    )
    assert "--diff" not in text


@pytest.mark.promise("A long plan ends with what matters; every line of it is one option away")
def test_how_it_would_go_is_told_before_the_question_and_what_may_be_lost_last() -> None:
    outlook = Outlook(
        batches=(RunBatch("canary", ("north",)), RunBatch("batch 1", ("east", "south"))),
        pace=Pace(batch="50%", soak_seconds=1800, analysed=True, max_fail=1),
        closed=("rollouts of group eu are allowed tue; the next window opens Tue 14:00",),
        approval=("eu",),
        risks={
            "north": (
                Risk("changemaker: migration 1_drop drops column a.b", loses=True),
                Risk("changemaker: migration 2_new: no rollback of the code alone after it: x"),
            ),
            "south": (Risk("changemaker: migration 1_drop drops column a.b", loses=True),),
        },
        notes={"east": ("changemaker: 1 new migration, safe for the older code: 3_add",)},
    )
    assert outlook.losing == ("north", "south")
    text = short(plan("north", CHECKOUT), outlook=outlook, again="invoke rollout")
    assert text.endswith(
        dedent(
            """\

            Migrations: changemaker: 1 new migration, safe for the older code: 3_add
            Batches: canary: north; batch 1: east, south
            Pace: soak 30m; metrics analysed; stops when more than 1 fail
            Window closed: rollouts of group eu are allowed tue; the next window opens Tue 14:00
            Approval: a second operator has to agree (group eu)

            Plan: 1 host to change, 0 restarts, 0 unchanged
            Apply it with: invoke rollout

            MAY LOSE DATA
              north, south: changemaker: migration 1_drop drops column a.b

            Cannot be undone by a rollback
              north: changemaker: migration 2_new: no rollback of the code alone after it: x
            """
        )
    )


@pytest.mark.parametrize("diff", [True, False])
def test_migrations_that_were_read_are_counted_where_they_are_applied_and_named_below(
    diff: bool,
) -> None:
    brings = Change("changemaker", "migrations", "~", "whatever the new commit brings")
    plans = {name: plan(name, CHECKOUT, brings) for name in ("east", "north", "south", "west")}
    outlook = Outlook(
        migrations={"east": {"changemaker": 1}, "north": {"changemaker": 3}, "west": {"wiki": 2}},
        notes={"east": ("changemaker: 1 new migration, safe for the older code: 3_add",)},
    )
    text = plain(plan_lines(FleetPlan(plans), None, outlook, diff=diff))
    east, north, rest, below = text.split("\n\n")[:4]
    assert "~ changemaker: migrations: 1 new one, named below" in east
    assert "~ changemaker: migrations: 3 new ones, named below" in north
    assert rest.startswith("2 hosts, each"), "where they are not known they are not counted"
    assert "whatever the new commit brings" in rest
    assert "3_add" in below
    none = Outlook(migrations={"north": {"changemaker": 0}})
    assert "migrations: no new one" in short(plan("north", brings), outlook=none)


def test_a_change_of_all_hosts_at_once_tells_no_batches() -> None:
    outlook = Outlook(batches=(RunBatch("all", ("north",)),))
    assert "Batches" not in short(plan("north", CHECKOUT), outlook=outlook)
