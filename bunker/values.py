"""The types that values of a fleet's files may have.

Every text is of a type that says what it may hold, because it reaches a line of a configuration
file, an argument of a command or a terminal on some machine. So none holds a line break, a control
character, an invisible one or a secret, and none but the free texts begins with a dash.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bunker.disclosure import Disclosed, holds_secret
from bunker.errors import BunkerError

PUBLIC_KEY = re.compile(r"((ssh|ecdsa|sk)-[a-z0-9@.-]+) [A-Za-z0-9+/]+=*( .*)?", re.ASCII)
KNOWN_HOST = re.compile(
    r"[A-Za-z0-9.:,*?!|=+/\[\]_-]+ [a-z][a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?", re.ASCII
)
_SYSTEM = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/run", "/sbin", "/sys", "/usr"),
    *("/var/lib/bunker", "/var/lib/docker"),
)
"""Folders in which, and around which, no application stands."""
# Every host is in `all`; `notifications` is the owner of the fleet's own secrets.
RESERVED_NAMES = ("all", "notifications")


class Section(BaseModel):
    """Base of every part of a fleet's files: unknown keys are errors, no error repeats a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class RoleSettings(Section):
    """Base of a role's own settings; in a file ``true`` and ``false`` stand for all of them."""

    enabled: bool = True
    """Whether the host has the role."""

    @model_validator(mode="before")
    @classmethod
    def _switch(cls, value: Any) -> Any:
        if isinstance(value, bool):
            return {"enabled": value}
        if isinstance(value, dict | RoleSettings):
            return value
        raise ValueError("expected true, false or its settings")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """What a file may say: a switch, or the settings."""
        return {"anyOf": [{"type": "boolean"}, handler(schema)]}


def _plain(value: str) -> str:
    """One line of what people can see; no option, no secret."""
    _line(value)
    if value.startswith("-"):
        raise ValueError("expected no dash at the beginning")
    if value != value.strip(" "):
        raise ValueError("expected no blanks at the ends")
    return value


def _line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("expected one line without control and invisible characters")
    if holds_secret(value):
        raise Disclosed
    return value


def _text(value: str) -> str:
    if not all(line.isprintable() for line in value.split("\n")):
        raise ValueError("expected lines without tabs, control and invisible characters")
    if holds_secret(value):
        raise Disclosed
    return value


@dataclass(frozen=True, slots=True)
class _Form(AfterValidator):
    """A form that editors know, too: they show ``told`` where a value has not got it."""

    pattern: str = ""
    told: str = ""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        form = {"pattern": f"^(?:{self.pattern})$", "patternErrorMessage": self.told}
        return {**handler(schema), **form}


def _of_form(pattern: str, expected: str = "") -> AfterValidator:
    """The whole value has this form; ASCII, whatever the pattern's classes mean elsewhere."""
    form = re.compile(pattern, re.ASCII)
    told = f"expected {expected or f'text of the form {pattern}'}"

    def check(value: str) -> str:
        if holds_secret(value):
            raise Disclosed
        if not form.fullmatch(value):
            raise ValueError(told)
        return value

    return _Form(check, pattern, told)


def no_boolean(value: Any) -> Any:
    """Python counts `true` as 1, so a slip of the pen would become port 1 or tier 1."""
    if isinstance(value, bool):
        raise ValueError("expected a number")
    return value


def _public_key(value: str) -> str:
    line = value.strip(" \n")
    if not PUBLIC_KEY.fullmatch(line) or not line.isprintable():
        if holds_secret(value):
            raise Disclosed
        raise ValueError("expected one line of a public SSH key (ssh-ed25519 AAAA… name)")
    return _line(line)


def _known_host(value: str) -> str:
    line = value.strip(" \n")
    if not KNOWN_HOST.fullmatch(line) or line.startswith("-"):
        raise ValueError("expected a line of known_hosts: ADDRESS KIND KEY")
    return _line(line)


def _group(value: str) -> str:
    if value == "all":
        raise ValueError("expected another name: every host is in this group already")
    return value


def _host_name(value: str) -> str:
    if value in RESERVED_NAMES:
        raise ValueError(f"expected another name than {value}")
    return value


def _no_blanks(value: str) -> str:
    # These values become arguments of git and ssh on some machine.
    if value.startswith("-") or not value.isprintable() or " " in value:
        raise ValueError("expected no leading dash and no blanks")
    return _line(value)


def _repository(value: str) -> str:
    if "::" in value.partition("/")[0] or re.search(r"(//|@)-", value):
        raise ValueError("expected an address such as https://git.example.org/x.git")
    if "?" in value or "#" in value:
        raise ValueError("expected an address without ? and #")
    return value


def _git_ref(value: str) -> str:
    if not value:
        raise ValueError("expected a branch, a tag or a commit")
    # git's own rules, so that no ref becomes a range, a pattern or two refs; and no quotes, which
    # the host's record of a generation has around it.
    if re.search(r"[~^:?*\[\\\"]|\.\.|@\{|//|/$|\.$", value):
        raise ValueError("expected the name of a branch or a tag, or a commit")
    return value


def _directory(value: str) -> str:
    if {".", ".."} & set(value.split("/")):
        raise ValueError("expected an absolute path without .. in it")
    here = PurePosixPath(value)
    if value == "/root" or any(
        here.is_relative_to(taken) or PurePosixPath(taken).is_relative_to(here) for taken in _SYSTEM
    ):
        raise ValueError("expected a folder of its own, such as /opt/wiki, and none of the system")
    return value


def _secret_name(value: str) -> str:
    # A value put here by mistake would end in git: the message must not repeat it either.
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", value):
        raise ValueError("expected the name of a secret in capitals, such as OPS_GOTIFY_TOKEN")
    return value


def _to_string(value: Any) -> Any:
    # YAML reads `8080` as a number and `true` as a boolean; the environment knows only text.
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _one_sentence(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """For a value that may be one of several things: not a sentence for each that it is not."""
    try:
        return read(value)
    except ValidationError as error:
        faults = [fault.get("ctx", {}).get("error") for fault in error.errors(include_url=False)]
    if any(isinstance(fault, Disclosed) for fault in faults):
        raise Disclosed
    raise ValueError("expected a text, a number, true, false or a list of texts")


def checked(kind: Any, value: str, where: str) -> str:
    """The text as a type of this module takes it; BunkerError where an option holds another one."""
    try:
        return str(TypeAdapter(kind).validate_python(value))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0].get("ctx", {}).get("error", "")
        shown = "this" if isinstance(fault, Disclosed) else repr(value[:60])
        expected = str(fault).removeprefix("expected ")
        raise BunkerError(f"{shown} is not right", where=where, expected=expected) from None


def number(least: int, most: int) -> Any:
    """Arguments of ``Annotated`` for a whole number between two bounds."""
    return (Field(ge=least, le=most), BeforeValidator(no_boolean))


WORDS = "lower-case letters, digits, dashes and underscores"

Line = Annotated[str, AfterValidator(_plain)]
"""Free text for people on one line: no option, no blanks at its ends."""
Text = Annotated[str, AfterValidator(_text)]
"""Free text of any number of lines: written as a whole file or shown, never in a line of one."""
EnvironmentValue = Annotated[
    str,
    BeforeValidator(_to_string),
    AfterValidator(_line),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]
"""One line of anything that can be seen; quoted on its way into the `.env`."""
EnvironmentKey = Annotated[
    str, _of_form(r"[A-Z][A-Z0-9_]{0,127}", "names in capitals such as SMTP_HOST")
]
HostName = Annotated[
    str,
    _of_form(
        r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", "lower-case letters, digits and dashes, such as north-1"
    ),
    AfterValidator(_host_name),
]
Word = Annotated[str, _of_form(r"[a-z]([a-z0-9_-]{0,61}[a-z0-9])?", WORDS)]
GroupName = Annotated[Word, AfterValidator(_group)]
UserName = Annotated[str, _of_form(r"[a-z_][a-z0-9_-]{0,31}")]
PublicKey = Annotated[str, AfterValidator(_public_key)]
KnownHost = Annotated[str, AfterValidator(_known_host)]
TimeZone = Annotated[
    str,
    _of_form(
        r"[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_][A-Za-z0-9_+-]{0,31}){0,3}",
        "a time zone such as Europe/Berlin",
    ),
]
Package = Annotated[
    str,
    # To apt, a dash or a plus at the end means to remove or to install.
    _of_form(
        r"[a-z0-9][a-z0-9.+-]{0,98}(?:[a-z0-9]|\+\+)",
        "the plain name of a package, without version, release, and - or + at its end",
    ),
]
Repository = Annotated[str, AfterValidator(_no_blanks), AfterValidator(_repository)]
GitRef = Annotated[str, AfterValidator(_no_blanks), AfterValidator(_git_ref)]
Directory = Annotated[
    str, _of_form(r"(/[A-Za-z0-9._][A-Za-z0-9._-]*)+"), AfterValidator(_directory)
]
Project = Annotated[str, _of_form(r"[a-z0-9][a-z0-9_-]{0,62}")]
RelativePath = Annotated[
    str,
    _of_form(
        r"(?!.*(^|/)\.\.?(/|$))[A-Za-z0-9._][A-Za-z0-9._-]*(/[A-Za-z0-9._][A-Za-z0-9._-]*)*",
        "a path such as web/app.yml, without . and .. in it",
    ),
]
SettingPath = Annotated[
    str,
    _of_form(
        r"(services|networks|volumes|configs|x-[a-z0-9-]+)(\.[A-Za-z0-9_-]+)+",
        "a path in the Compose file such as services.web.image",
    ),
]
FiniteNumber = Annotated[float, Field(allow_inf_nan=False)]
SettingValue = Annotated[
    bool | int | FiniteNumber | Line | tuple[Line, ...], WrapValidator(_one_sentence)
]
"""What a key of a Compose file is set to."""
Interface = Annotated[str, _of_form(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}", "a name such as wg0")]
DaemonKey = Annotated[str, _of_form(r"[a-z0-9][a-z0-9-]{0,40}", "a key such as data-root")]
Memory = Annotated[str, _of_form(r"[1-9][0-9]{0,8}[kmg]")]
SecretName = Annotated[str, AfterValidator(_secret_name)]
AppName = Annotated[
    str,
    _of_form(
        r"(?=.{1,32}$)[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "lower-case letters, digits and single dashes between them, such as wiki",
    ),
]


class ResourceLimit(Section):
    """Upper bound of one Compose service; memory as Compose writes it (512m, 2g)."""

    memory: Memory | None = None
    """Such as 512m or 2g."""
    cpus: Annotated[float, Field(gt=0, le=1024), BeforeValidator(no_boolean)] | None = None
    """Such as 1.5."""
