"""A kind of run: what it takes, what it applies to hosts, what it obeys, how it goes. Pure.

Each is one module in :mod:`bunker.runs.kinds` and one line in its registry. Its command line, its
retry, ``--detach``, ``--json``, audit and notification follow from what it says here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from bunker.errors import BunkerError
from bunker.runs.rolling import rolling
from bunker.runs.work import Work

if TYPE_CHECKING:
    from bunker.cli.options import Options
    from bunker.journal.records import Summary
    from bunker.runs.steps import RunSteps

HOUR = 3600


def argument(
    help: str, *, choices: tuple[str, ...] = (), default: Any = "", whole: bool = False
) -> Any:
    """A field of a kind's arguments: text, a switch (default False) or a list (default ()).

    ``whole``: commas do not part the texts of a list.
    """
    return field(default=default, metadata={"help": help, "choices": choices, "whole": whole})


NO_PIN: Final = "leave the host's file as it is, whatever version the host runs then"
APP: Final = "application of the host, by its name there (default: the only one)"
SET: Final = (
    "PATH=VALUE for a key of the application's Compose files, such as services.web.image=…;"
    " repeat it for more"
)
ALLOW_DOWNGRADE: Final = "let older code take the place of newer"


@dataclass(frozen=True)
class NoArguments:
    """Of a kind that takes none."""


def as_given(options: Options, given: Any, _may_ask: bool) -> tuple[Options, Any]:
    """Nothing is left open."""
    return options, given


@dataclass(frozen=True)
class Kind:
    """One kind of run.

    ``help`` is its command's help text, ``arguments`` a frozen dataclass whose fields are made by
    :func:`argument`, ``work`` what it applies for given arguments. ``pace`` are the options of
    :class:`bunker.journal.records.Pace` that it offers. ``completed`` fills in what the operator
    left open, from the fleet or, where the last argument allows it, by asking.

    ``windows`` and ``approval``: whether it obeys the fleet's policies. ``maintenance_seconds``: a
    run that dies leaves its hosts in maintenance no longer than this; 0 for none. ``pins``: the
    ref that hosts reach is written into their files, unless ``no_pin`` is among the arguments.
    ``undone``: whether a host whose change failed is brought back. ``keeps_ref``: whether a host on
    which its ref failed may be tried again as it is; else its file's own ref is what to try.
    """

    name: str
    help: str
    work: Callable[[Any], Work]
    arguments: type[Any] = NoArguments
    workflow: Callable[[RunSteps], Summary] = rolling
    pace: tuple[str, ...] = ()
    completed: Callable[[Options, Any, bool], tuple[Options, Any]] = as_given
    windows: bool = True
    approval: bool = True
    maintenance_seconds: int = HOUR
    undone: bool = False
    pins: bool = False
    keeps_ref: bool = True

    @property
    def fields(self) -> tuple[Field[Any], ...]:
        """The fields of its arguments."""
        return fields(self.arguments)

    def make(self, given: Mapping[str, Any]) -> Any:
        """The arguments from given values; those that are empty keep their default.

        Raises BunkerError for a value that is no choice.
        """
        values = {}
        for one in self.fields:
            value = given.get(one.name)
            choices = one.metadata["choices"]
            if value and choices and value not in choices:
                raise BunkerError(
                    f"{value!r} is no choice",
                    where=option_name(one.name),
                    expected=", ".join(choices),
                )
            if value:
                values[one.name] = tuple(value) if isinstance(value, list) else value
        return self.arguments(**values)

    def words(self, arguments: Any) -> Iterator[str]:
        """The arguments as they are given on a command line."""
        for one in self.fields:
            value, option = getattr(arguments, one.name), option_name(one.name)
            if value is True:
                yield option
            elif one.metadata["whole"]:
                yield from (word for text in value for word in (option, text))
            elif value:
                yield from (option, ",".join(value) if isinstance(value, tuple) else value)

    def texts(self, arguments: Any) -> dict[str, str]:
        """The arguments as text by name, for whoever approves them."""
        found = asdict(arguments)
        return {
            name: ",".join(sorted(v)) if isinstance(v, tuple) else str(v or "")
            for name, v in found.items()
        }


def option_name(name: str) -> str:
    """``--detailed-exitcode`` for ``detailed_exitcode``."""
    return f"--{name.replace('_', '-')}"
