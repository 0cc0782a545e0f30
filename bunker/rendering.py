"""The files in templates/, rendered; those in files/; and the scripts that go with a component."""

import re
from functools import cache
from pathlib import Path
from typing import Final, TypedDict, cast, get_type_hints

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bunker.product import folder
from bunker.shell import script_file, with_variables

_INCLUDED: Final = re.compile(r"^@([a-z_]+)@$", re.MULTILINE)
TEMPLATES: Final = folder("templates")
FILES: Final = folder("files")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - configuration files, not HTML
    )


def render(template: str, **values: object) -> bytes:
    """One file from ``templates/``; a value that it names and that is not given is an error."""
    return _environment().get_template(template).render(**values).encode()


def as_it_is(name: str) -> bytes:
    """One file from ``files/``, which holds what lands on hosts without being rendered."""
    return (FILES / name).read_bytes()


def script(path: Path, **variables: str | int) -> str:
    """A shell script of a role with its variables assigned in front.

    A line ``@name@`` is replaced by the script ``name.sh`` beside it.
    """
    text = _INCLUDED.sub(
        lambda found: script_file(path.with_name(f"{found[1]}.sh")), script_file(path)
    )
    return with_variables(text, **variables)


class Scripts(TypedDict, total=False):
    """By what a :class:`bunker.bundle.Component` is validated, activated and checked."""

    validate: str
    activate: str
    check: str
    revert_activate: str


def scripts(folder: Path, name: str, **variables: str | int) -> Scripts:
    """A component's scripts, those that it has: ``NAME_validate.sh``, ``NAME_activate.sh``,
    ``NAME_check.sh`` and ``NAME_revert.sh``."""
    found = {key: folder / f"{name}_{key.partition('_')[0]}.sh" for key in get_type_hints(Scripts)}
    made = {key: script(path, **variables) for key, path in found.items() if path.exists()}
    return cast("Scripts", made)
