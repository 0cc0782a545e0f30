"""run.list, show, watch, resume, cancel and retry-failed: durable runs after they began."""

from dataclasses import replace
from typing import Annotated

from bunker.cli.command import operator_command
from bunker.cli.options import Options, words
from bunker.cli.values import Confirm, Dry, Ended, Resumable, RunId, Unended, Verbose, number_of
from bunker.errors import BunkerError, Declined, ExitCode
from bunker.journal.records import ENDED, RunRecord
from bunker.runs.context import BACK, GO_ON, STOP
from bunker.terminal.lines import Line
from bunker.terminal.output import say


@operator_command(select=False, name="list")
def list_(
    options: Options, limit: Annotated[str, "how many of the newest runs (default: 20)"] = "20"
) -> None:
    """The newest runs, and how they ended.

    Each with its kind, who began it, and its hosts by outcome.

    States: running, interrupted (its process died: resume it), paused (it waits for an answer),
    done, failed, rolled back, cancelled.

    Examples:
      invoke run.list
      invoke run.list --fleet production --json
    """
    from bunker.journal.reader import open_journal
    from bunker.terminal.run_text import list_lines

    number = number_of(limit, "--limit", 20, least=1)
    with open_journal(options.root) as journal:
        records = journal.runs(limit=number, fleet=options.fleet_given or None)
    lines = list_lines(records)
    if journal.left_out:
        text = f"not shown: {journal.left_out} that another version of Bunker Ops recorded"
        lines.append(Line(text))
    options.answer([record.to_json() for record in records], lines)


@operator_command(select=False, fleet=False)
def show(options: Options, run: RunId) -> None:
    """One run: every host's outcome, and what to do next.

    Also its batches, what was measured while hosts changed, and the canary analysis.

    Examples:
      invoke run.show 20261121T1404
      invoke run.show 3f2a --json
    """
    from bunker.terminal.run_text import show_lines

    record = _record(options, run)
    options.answer(record.to_json(), show_lines(record))


@operator_command(select=False, fleet=False)
def watch(options: Options, run: Unended) -> ExitCode:
    """Follow a run from its beginning to its end.

    Shows everything from its first event on, whichever process or machine executes it. Ctrl-C ends
    the watching, not the run.

    Examples:
      invoke run.watch 3f2a
      invoke run.watch 3f2a --json

    Exit codes: those of the run, once it has ended.
    """
    from bunker.runs.watching import watch_run

    with options.reporter() as reporter:
        return watch_run(options.root, run, reporter)


@operator_command(select=False, fleet=False)
def resume(
    options: Options,
    run: Resumable,
    *,
    go_on: Annotated[bool, "answer a paused run: go on"] = False,
    roll_back: Annotated[
        bool, "answer a paused run: bring the hosts of its first batch back"
    ] = False,
    stop: Annotated[bool, "answer a paused run: leave everything as it is and end"] = False,
    verbose: Verbose = False,
) -> ExitCode:
    """Resume an interrupted run, or answer a paused one.

    What was finished is not repeated; the batch that was under way is planned anew from what its
    hosts say now and ends in the same place as an uninterrupted run.

    Examples:
      invoke run.resume 3f2a
      invoke run.resume 3f2a --go-on

    Exit codes: those of the run; 5 where another process executes it.
    """
    from bunker.runs.control import execute
    from bunker.terminal.run_text import option_of

    answers = [word for given, word in ((go_on, GO_ON), (roll_back, BACK), (stop, STOP)) if given]
    if len(answers) > 1:
        raise BunkerError("a run takes one answer", expected="--go-on, --roll-back or --stop")
    record = _record(options, run)
    if record.state in ENDED:
        raise BunkerError(
            f"the run {record.run} has ended: {record.state}",
            remedy=f"Try its other hosts again with: invoke run.retry-failed {record.run}",
        )
    if answers and record.state != "paused":
        raise BunkerError(
            f"the run {record.run} asks nothing: it is {record.state}",
            remedy=f"Resume it with: invoke run.resume {record.run}",
        )
    answer = answers[0] if answers else ""
    offered = record.summary.answers
    if answer and offered and answer not in offered:
        raise BunkerError(
            f"what the run {record.run} asks cannot be answered with {option_of(answer)}",
            expected=" or ".join(map(option_of, offered)),
        )
    with options.reporter(verbose=verbose, repeat=options.repeat()) as reporter:
        return execute(options.root, record.request, reporter, resume=True, answer=answer)


@operator_command(select=False, fleet=False)
def cancel(options: Options, run: Unended) -> None:
    """Let no further batch of a run begin.

    The batch that is under way is finished; what was changed stays changed.

    Examples:
      invoke run.cancel 3f2a
    """
    from bunker.audit import append
    from bunker.journal.reader import open_journal
    from bunker.terminal.reporter import ask

    with open_journal(options.root) as journal:
        record = journal.run(run)
        if record.state in ENDED:
            raise BunkerError(f"the run {record.run} has ended: {record.state}")
        if not ask(f"Cancel the {record.request.kind} {record.run}?", yes=options.yes):
            raise Declined("nothing was cancelled")
        request = record.request
        append(options.root, request.fleet, "run.cancelled", hosts=request.hosts, run=record.run)
        journal.cancel(record.run)
    say(f"the run {record.run} is cancelled; what has begun is finished")


@operator_command(select=False, fleet=False, name="retry-failed")
def retry_failed(
    options: Options,
    run: Ended,
    dry: Dry = False,
    verbose: Verbose = False,
    confirm: Confirm = "",
) -> ExitCode:
    """A new run for the hosts that did not succeed.

    Every host that failed, was unreachable, not started, interrupted or rolled back is planned
    anew, to the same commit as in the run that ended. All at once: no canary, no soak.

    Examples:
      invoke run.retry-failed 3f2a --dry
      invoke run.retry-failed 3f2a --yes
    """
    from bunker.runs.retry import retry_intent
    from bunker.runs.start import begin

    record = _record(options, run)
    intent = retry_intent(options.root, record, dry=dry, yes=options.yes, verbose=verbose)
    intent = replace(intent, request=replace(intent.request, confirmed=words([confirm])))
    repeat = options.repeat(f"invoke {record.request.kind}")
    with options.reporter(verbose=verbose, repeat=repeat) as reporter:
        return begin(intent, reporter)


def _record(options: Options, run: str) -> RunRecord:
    """The run; from here on this process uses the keys of its fleet, where that is a lab's."""
    from bunker.journal.reader import open_journal
    from bunker.lab.fleet import use_lab_keys

    with open_journal(options.root) as journal:
        record = journal.run(run)
    use_lab_keys(options.root, record.request.fleet)
    return record
