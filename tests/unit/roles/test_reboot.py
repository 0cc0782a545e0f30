"""A host is rebooted once in a run, however often the run is cut off."""

from __future__ import annotations

import pytest

from bunker.errors import BunkerError
from deploys.reboot.deploy import RebootFacts

ANSWER = """\
@@bunker rebooting
{mark}
@@bunker boot
123 Fri 2026-11-27
@@bunker reboot
@@bunker kernel
6.12.1-amd64
@@bunker kernels
@@bunker end"""
NOW = "123 Fri 2026-11-27"


@pytest.mark.parametrize(
    ("mark", "done"),
    [
        ("", False),
        (f"this-run {NOW}", False),
        ("this-run 99 Thu 2026-11-26", True),
        ("another-run 99 Thu 2026-11-26", False),
        ("this-run", False),
    ],
)
def test_a_boot_that_began_in_this_run_is_not_ended_again(mark: str, done: bool) -> None:
    state = RebootFacts().process(ANSWER.format(mark=mark).splitlines())
    assert state.is_done("this-run") == done


def test_an_answer_that_makes_no_sense_is_a_sentence() -> None:
    with pytest.raises(BunkerError, match="which boot this is"):
        RebootFacts().process(["@@bunker boot", "@@bunker end"])
