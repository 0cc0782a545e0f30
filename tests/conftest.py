"""Settings of every tier."""

import pytest
from hypothesis import settings

# A time limit per example measures the machine, not the code.
settings.register_profile("bunker", deadline=None)
settings.load_profile("bunker")

NOT_DONE = ("skipped", "xfailed", "xpassed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--complete`: what was not proven counts as failed."""
    parser.addoption("--complete", action="store_true", help="fail where a test was skipped")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stands below tests/deep is deep, whatever else it needs."""
    for item in items:
        if "deep" in item.path.parts:
            item.add_marker(pytest.mark.deep)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With `--complete`, a session in which a test was skipped has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not session.config.getoption("--complete"):
        return
    left_out = [report for kind in NOT_DONE for report in reporter.stats.get(kind, ())]
    if left_out and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{len(left_out)} tests were not run to their end", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
