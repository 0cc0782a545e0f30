"""How a run ended, as lines: a table, the last words of what failed, and what to try next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bunker.cause import find_cause, own_words
from bunker.outcomes import WORDS, HostOutcome, Outcomes
from bunker.terminal.hints import application_of_step, looks, same_again
from bunker.terminal.lines import Line, Style, after, indented, some, table

ALWAYS_COUNTED = ("ok", "changed", "failed", "unreachable")
ABOVE = "as the plan says"
NOTHING: Mapping[str, str] = {}
ROWS_FOR_ALL = 20
"""Up to this many hosts the table names every one; above, only those that did not succeed."""
OUTPUT_LINES_SHOWN = 5
"""Of a failed step; all that there are with --verbose."""
STYLES: Mapping[str, Style] = {"ok": "", "changed": "good", "failed": "bad", "unreachable": "bad"}


@dataclass(frozen=True)
class Repeat:
    """How the operator goes on: ``deploy`` repeats the run, to be followed by ``--host NAME``.

    ``fleet`` is the ``--fleet NAME`` that other commands need, or empty. ``of_file`` is the run
    that brings a host back to what its file says, where this run asked for another version.
    """

    deploy: str = "invoke deploy"
    fleet: str = ""
    of_file: str = ""

    def again(self, host: str) -> str:
        return f"{self.deploy} --host {host}"

    def other(self, command: str, host: str, *words: str) -> str:
        fleet = (f"--fleet {self.fleet}",) if self.fleet else ()
        return " ".join(("invoke", command, *fleet, "--host", host, *words))


def counts(outcomes: Outcomes) -> dict[str, int]:
    """Hosts by outcome; the four that an operator looks for are always there."""
    found = Counter(outcome.outcome for outcome in outcomes.values())
    return {name: found[name] for name in WORDS if found[name] or name in ALWAYS_COUNTED}


def recap_lines(
    outcomes: Outcomes,
    repeat: Repeat,
    reason: str = "",
    *,
    verbose: bool = False,
    told: Mapping[str, str] = NOTHING,
) -> list[Line]:
    """The whole recap; failures come last, where an operator looks first.

    ``told`` are the messages of hosts that stand right above it, in the plan.
    """
    above = {host for host, found in outcomes.items() if found.message == told.get(host)}
    summary = ", ".join(f"{number} {name}" for name, number in counts(outcomes).items())
    succeeded = all(outcome.succeeded for outcome in outcomes.values())
    lines = _table({h: replace(o, message=ABOVE) if h in above else o for h, o in outcomes.items()})
    for host, outcome in outcomes.items():
        commands = next_commands(host, outcome, repeat)
        if host not in above:
            lines += _explained(host, outcome, verbose=verbose)
        elif commands:
            style = STYLES.get(outcome.outcome, "warn")
            lines += [Line(""), Line(f"{host}: {outcome.outcome}, {ABOVE}", style)]
        lines += [Line(f"  try: {command}") for command in commands]
    lines += _not_started([host for host, o in outcomes.items() if o.outcome == "not started"])
    for host, outcome in outcomes.items():
        lines += [Line(text) for text in measured(host, outcome)]
    if reason:
        lines += after("Stopped: ", reason.removeprefix("stopped "), "bad")
    return [*lines, Line(f"Recap: {summary}", "good" if succeeded else "bad")]


def measured(host: str, outcome: HostOutcome) -> list[str]:
    """What the probe saw of the API while the host was changed."""
    found = outcome.availability
    if not found:
        return []
    requests, failed = found["requests"], found["failed"]
    if not failed:
        return [f"{host}: {requests} requests while it changed, none failed"]
    longest = found.get("longest_outage_seconds", 0)
    return [
        f"{host}: {failed} of {requests} requests failed while it changed,"
        f" the longest outage {longest:.1f} s"
    ]


def _table(outcomes: Outcomes) -> list[Line]:
    everyone = len(outcomes) <= ROWS_FOR_ALL
    listed = [
        (host, outcome) for host, outcome in outcomes.items() if everyone or not outcome.succeeded
    ]
    if not listed:
        return []
    rows = []
    for host, outcome in listed:
        commands = "" if outcome.commands is None else str(outcome.commands)
        rows.append([host, word_of(outcome), commands, first_line(_note(outcome))])
    styles = ["" if _is_back(o) else STYLES.get(o.outcome, "warn") for _, o in listed]
    return table(("HOST", "OUTCOME", "COMMANDS", "NOTE"), rows, styles)


def word_of(outcome: HostOutcome) -> str:
    """How a host ended, in a word or two: after a rollback that was asked for, where it is now."""
    return f"back on #{outcome.going_to}" if _is_back(outcome) else outcome.outcome


def _is_back(outcome: HostOutcome) -> bool:
    return outcome.outcome == "changed" and outcome.going_to is not None


def first_line(text: str) -> str:
    """As much of a text as a table has room for."""
    return next(iter(text.splitlines()), "")[:100]


def _note(outcome: HostOutcome) -> str:
    message, generation = outcome.message, outcome.generation_number
    if generation is None:
        return message
    return f"generation {generation}{': ' + message if message else ''}"


def _explained(host: str, outcome: HostOutcome, *, verbose: bool) -> list[Line]:
    kind = outcome.outcome
    if kind in ("ok", "changed", "not started"):
        return []
    lines = [Line("")]
    if kind in ("failed", "rolled back"):
        words = f"{host} failed: " if kind == "failed" else f"{host} was rolled back: "
        message = (outcome.message or "no reason given").removeprefix(f"{host}: ")
        output = "\n".join(outcome.output or ())
        cause = cause_of(outcome)
        if cause:
            lines += [*after(words, cause, "bad"), *after("  in ", message)]
        else:
            lines += after(words, message, "bad")
        # What is told as the cause is not told again.
        shown = [line for line in output.splitlines() if verbose or line.strip() != cause]
        lines += _last(shown, verbose=verbose)
        if outcome.choice:
            lines += after("  not rolled back: ", outcome.choice, "warn")
    elif kind == "unreachable":
        lines += after(f"{host} is unreachable: ", outcome.message, "bad")
    elif kind == "interrupted":
        lines.append(Line(f"{host} was interrupted; it is half done", "warn"))
    else:
        lines += after(f"{host} ended as {kind}: ", outcome.message, "warn")
    return lines


def _last(text: Sequence[str], *, verbose: bool) -> list[Line]:
    """The end of what a step printed."""
    most = len(text) if verbose else OUTPUT_LINES_SHOWN
    before = len(text) - most
    lines = [Line(f"    … {before} lines before: --verbose", "faint")] if before > 0 else []
    return lines + [one for line in text[-most:] for one in indented(line, "    ")]


def _not_started(hosts: Sequence[str]) -> list[Line]:
    if not hosts:
        return []
    words = "was not started; nothing was changed on it"
    if len(hosts) > 1:
        words = "were not started; nothing was changed on them"
    return [Line(""), Line(f"{some(hosts)} {words}", "warn")]


def cause_of(outcome: HostOutcome) -> str | None:
    """Why a host failed: a known cause in what was printed, or what the step itself said of it."""
    output = "\n".join(outcome.output or ())
    found = find_cause(output, outcome.step or "")
    return found.sentence if found else own_words(output) or None


def next_commands(host: str, outcome: HostOutcome, repeat: Repeat) -> list[str]:
    """What to try next for a host that did not succeed."""
    output, step = "\n".join(outcome.output or ()), outcome.step or ""
    found = [repeat.other(task, host, *words) for task, *words in looks(step, output)]
    if outcome.restarted:
        found = []
    match outcome.outcome:
        case "rolled back" if outcome.restarted or same_again(step, output):
            pass  # the version did not fail
        case "rolled back":
            # The instance is healthy again, and the version that failed would fail again.
            app = application_of_step(step)
            fixed = repeat.other("upgrade", host, *app, "--ref FIXED")
            return [
                *(found if find_cause(output, step) else [repeat.other("history", host, *app)]),
                fixed,
            ]
        case "failed" if "invoke " in outcome.message:
            return []  # it says itself what to do
        case "failed":
            # The version that just failed would fail again.
            again = same_again(step, output) or not repeat.of_file
            return [*found, repeat.again(host) if again else f"{repeat.of_file} --host {host}"]
        case "unreachable":
            return [repeat.other("ssh", host), repeat.again(host)]
        case "ok" | "changed" | "not started" | "interrupted":
            # An interrupted command ends with how the run goes on. What was not started is waiting
            # for a version that works, not for the one that stopped the run.
            return []
    return [*found, repeat.again(host)]
