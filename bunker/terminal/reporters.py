"""Choosing who shows a run: a terminal, or a program that reads this process's stdout."""

from bunker.terminal.json_reporter import JsonReporter
from bunker.terminal.recap_text import Repeat
from bunker.terminal.reporter import Reporter
from bunker.terminal.rich_reporter import RichReporter


def make_reporter(
    *, json: bool = False, verbose: bool = False, yes: bool = False, repeat: Repeat | None = None
) -> Reporter:
    if json:
        return JsonReporter(yes=yes, repeat=repeat)
    return RichReporter(verbose=verbose, yes=yes, repeat=repeat)
