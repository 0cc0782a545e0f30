"""One wrapper for every task: common options in, one clear sentence and an exit code out."""

import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_origin

from invoke.context import Context
from invoke.parser.argument import Argument
from invoke.tasks import Task

from bunker.cli.options import ALIASES, SELECTION, Options, command_line
from bunker.cli.pick import Pick
from bunker.errors import BunkerError, Declined, ExitCode
from bunker.product import CODE

Body = Callable[..., ExitCode | int | None]
_LISTS = (list, Sequence)


class OperatorTask(Task[Any]):
    """A task whose only short option is ``-v``: guessed ones would change with every new option.

    ``words``: an option whose values may also be given as plain words, as many as one likes.
    ``picks``: plain words that may be left out, and who asks for them then. ``names`` are those of
    all tasks; ``check`` looks at the command line first.
    """

    words = ""
    picks: Mapping[str, Pick] = {}
    names: ClassVar[frozenset[str]] = frozenset()
    check: ClassVar[Callable[[], None] | None] = None

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """The arguments, with ``-v`` for ``--verbose``, aliases, and one for each plain word.

        Plain words that may be left out, and are, are none of them any more.
        """
        check, OperatorTask.check = OperatorTask.check, None
        if check:
            check()
        arguments = self.declared(ignore_unknown_help)
        count = plain_words(sys.argv[1:], arguments, self.name)
        if self.words:
            # invoke fills a positional argument once; so there are as many as there are words.
            names = [f"{self.words}_{number}" for number in range(count or 0)]
            arguments += [Argument(names=(name,), positional=True) for name in names]
        if count is not None:
            for one in [one for one in arguments if one.positional][count:]:
                one.positional = one.name not in self.picks
        return arguments

    def declared(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """The arguments as the task has them, whatever stands on the command line."""
        arguments = super().get_arguments(ignore_unknown_help)
        for argument in arguments:
            if argument.name == "verbose":
                argument.names = ("verbose", "v")
            if former := ALIASES.get(argument.name or ""):
                argument.names = (*argument.names, former)
        return arguments


def plain_words(given: Sequence[str], arguments: Iterable[Argument], task: str) -> int | None:
    """How many words of a command line stand behind the task's name and belong to no option.

    Up to the next task; None where the task is not on it.
    """
    given = given[: given.index("--")] if "--" in given else given
    options = {f"--{name}" for one in arguments if one.takes_value for name in one.names}
    before = ["", *given]
    places = [at for at, word in enumerate(given) if word.rpartition(".")[2] == task]
    if not places:
        return None
    count = 0
    for at, word in enumerate(given):
        if at > places[0] and not word.startswith("-") and before[at] not in options:
            if word in OperatorTask.names:
                break
            count += 1
    return count


def operator_command(
    *,
    select: bool = True,
    fleet: bool = True,
    words: str = "",
    name: str = "",
    fields: Iterable[Field[Any]] = (),
    before: Callable[[], None] | None = None,
) -> Callable[[Body], OperatorTask]:
    """Make a task of a function that takes :class:`Options` first and its own options after.

    An option is ``Annotated`` with its help text. One without a default is a plain word; a list
    may be repeated. A plain word whose annotation has a :class:`Pick` may be left out. ``fields``,
    made by :func:`bunker.runs.kind.argument`, are options
    that the function takes as keywords besides.

    The task gets the common options too: ``--host --group --tag`` with ``select``, ``--fleet``
    with ``fleet``, always ``--json --debug --yes``. ``words`` names the option that takes plain
    words: hosts, where the command chooses hosts and has no plain word of its own. Its name is the
    function's, unless that is a word that Python keeps for itself. The function may return an exit
    code; ``before`` is done before it.
    """
    left_out = {*(() if select else SELECTION), *(() if fleet else ("fleet",))}
    common = [one for one in _parameters(Options.of) if one.name not in left_out]

    def decorate(body: Body) -> OperatorTask:
        own = [*_parameters(body)[1:], *map(_parameter, fields)]
        every = [*own, *common]
        plain = [one for one in own if one.default is one.empty]
        of_words = words or ("host" if select and not plain else "")
        hints = {one.name: one.annotation for one in every if get_origin(one.annotation)}
        picks = {
            name: pick
            for name, hint in hints.items()
            for pick in hint.__metadata__
            if isinstance(pick, Pick)
        }
        lists = [name for name, hint in hints.items() if get_origin(hint.__origin__) in _LISTS]

        # invoke gives a task that it chose by itself no values at all.
        usual = {one.name: () if one.name in lists else one.default for one in every}

        def run(_context: Context, **given: Any) -> None:
            values = {**usual, **given}
            if of_words:
                more = [values[key] for key in values if key.startswith(f"{of_words}_")]
                values[of_words] = [*(values[of_words] or ()), *more]
            options = Options.of(**{one.name: values[one.name] for one in common})
            arguments = {one.name: values[one.name] for one in own}

            def work() -> ExitCode | int | None:
                if before:
                    before()
                for word, pick in picks.items():
                    arguments[word] = arguments[word] or pick(options)
                return body(options, **arguments)

            code = run_guarded(work, options)
            # Between two tasks of one command line only a failure may stop invoke.
            if code:
                raise SystemExit(int(code))

        run.__name__ = body.__name__
        run.__doc__ = body.__doc__
        context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [context, *(one.replace(default=None) if one.name in lists else one for one in every)]
        )
        task = OperatorTask(
            run,
            name=name or body.__name__,
            iterable=lists,
            auto_shortflags=False,
            help={name: hint.__metadata__[0] for name, hint in hints.items()},
        )
        task.words, task.picks = of_words, picks
        return task

    return decorate


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a function that have a name, all of one kind."""
    found = inspect.signature(function, eval_str=True).parameters.values()
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [one.replace(kind=kind) for one in found if one.kind is not one.VAR_KEYWORD]


def _parameter(one: Field[Any]) -> inspect.Parameter:
    # What is not given stays empty, so that the field's own default holds.
    default = False if one.default is False else ""
    hint: Any = list[str] if one.default == () else str
    return inspect.Parameter(
        one.name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=default,
        annotation=Annotated[hint, one.metadata["help"]],
    )


def run_guarded(
    body: Callable[[], ExitCode | int | None], options: Options, *, again: str = ""
) -> int:
    """Run a command; whatever goes wrong becomes one sentence on stderr and an exit code.

    ``again`` is the command line that repeats it, where that is not the one that was typed.
    """
    from bunker.terminal.output import show_anything

    show_anything()
    try:
        code = int(body() or 0)
        sys.stdout.flush()
        return code
    except Declined as answer:
        return _say(answer.problem, answer.exit_code, options)
    except BunkerError as error:
        return _say(str(error), error.exit_code, options)
    except KeyboardInterrupt:
        sentence = f"interrupted. Go on with: {again or command_line()}"
        return _say(sentence, ExitCode.INTERRUPTED, options)
    except BrokenPipeError:
        return ExitCode.ERROR if _reader_is_gone() else _internal(options, again)
    except Exception:  # noqa: BLE001 - the last place that can turn a fault into a sentence
        return _internal(options, again)


def refused(check: Callable[[], None]) -> None:
    """End the process where a check of the command line itself raises."""
    if code := run_guarded(check, Options(json="--json" in sys.argv, debug="--debug" in sys.argv)):
        raise SystemExit(code)


def _say(sentence: str, code: ExitCode, options: Options) -> int:
    from bunker.terminal.output import print_json_line, tell

    if options.debug:
        tell(traceback.format_exc().rstrip())
    word = {ExitCode.INTERRUPTED: "", ExitCode.OK: ""}.get(code, "error: ")
    tell(f"{word}{sentence}")
    if options.json:
        event = "error" if code else "declined"
        print_json_line({"event": event, "message": sentence, "exit_code": int(code)})
    return int(code)


def _internal(options: Options, again: str) -> int:
    """A fault of the product. Its message may quote data, so only the kind and place are shown."""
    kind, _value, trace = sys.exc_info()
    frames = [frame for frame in traceback.extract_tb(trace) if _is_ours(frame.filename)]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    name = kind.__name__ if kind else "unknown"
    sentence = (
        f"internal error ({name}{place}); this is a fault of Bunker Ops. {_to_see_more(again)}"
    )
    return _say(sentence, ExitCode.ERROR, options)


def _to_see_more(again: str) -> str:
    # A command that is none of our tasks need not know --debug.
    if again:
        return f"To try it again: {again}"
    return f"To see where it comes from, run with --debug: {command_line()} --debug"


def _is_ours(filename: str) -> bool:
    ours = {CODE / "bunker", CODE / "deploys"}
    return not ours.isdisjoint(Path(filename).parents) and Path(filename) != Path(__file__)


def _reader_is_gone() -> bool:
    """Whether stdout cannot be written (`… | head`); if so nothing more is written to it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False
