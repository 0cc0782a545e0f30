"""Settings of every tier."""

import math
from collections import Counter

import pytest
from hypothesis import settings

from tests import promises

# A time limit per example measures the machine, not the code.
settings.register_profile("bunker", deadline=None)
settings.load_profile("bunker")

NOT_DONE = ("skipped", "xfailed", "xpassed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--complete`: what was not proven counts as failed. `--record`: keep how long tests took."""
    parser.addoption("--complete", action="store_true", help="fail where a test was skipped")
    parser.addoption("--record", action="store_true", help="keep the durations for docs/testing.md")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stands below tests/deep is deep; files that take long come first.

    Two workers end at about the same time where the last files are short ones.
    """
    taken: Counter[str] = Counter()
    for name, seconds in promises.recorded().items():
        taken[name.partition("::")[0]] += seconds
    for item in items:
        if "deep" in item.path.parts:
            item.add_marker(pytest.mark.deep)
    items.sort(key=lambda item: -taken.get(item.nodeid.partition("::")[0], unknown(item)))


def unknown(item: pytest.Item) -> float:
    """Seconds to expect of a file that was never recorded: a new one with hosts may be long."""
    return math.inf if item.get_closest_marker("lab") else 0


def durations(reporter: pytest.TerminalReporter) -> Counter[str]:
    """Seconds of each test that passed, with what its fixtures took."""
    taken: Counter[str] = Counter()
    for kind in ("", "passed"):
        for report in reporter.stats.get(kind, ()):
            if isinstance(report, pytest.TestReport):
                taken[report.nodeid] += report.duration
    return taken


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With `--complete`, a session in which a test was skipped has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # a worker: its reports are with the process that started it
        return
    if session.config.getoption("--record"):
        promises.record(durations(reporter))
        promises.write()
    if not session.config.getoption("--complete"):
        return
    left_out = [report for kind in NOT_DONE for report in reporter.stats.get(kind, ())]
    if left_out and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"not run to their end: {len(left_out)} tests", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
