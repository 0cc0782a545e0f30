"""No field of any model takes a value that could leave its line, be an option or a secret."""

from __future__ import annotations

import importlib
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from bunker.application.dotenv import parse_dotenv, to_dotenv
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.values import EnvironmentValue, GitRef, Text, checked

REPOSITORY = Path(__file__).resolve().parents[3]
NOT_PRINTABLE = ("\n", "\r", "\x00", "\x1b", "\x7f", "\x85", "\t", "\u2028", "\u202e", "\u200b")
NOT_PRINTABLE += ("\ufeff", "\ud800", "\u00a0")
SEEDS = (
    "a", "ab", "1", "60", "north", "north.example.org", "203.0.113.0/24", "fe80::1", "fe80::1%x",
    "https://example.org", "a@example.org", "/opt/x", "v2", "UTC", "Europe/Paris", "512m", "25%",
    "A", "SMTP_HOST", "ssh-ed25519 AAAA", "ssh-ed25519 AAAA ana", "h ssh-ed25519 AAAA", "14:00",
    "mon", "true", "any", "30m", "registry.example.org:5000",
)  # fmt: skip
OPTIONS = ("-o", "--option", "-oProxyCommand=x", "-1")
SECRETS = (
    "https://TOKEN@example.org/x.git",
    "https://me:hunter2@example.org",
    "https://example.org/?token=hunter2",
    "https://hooks.slack.com/services/T000/B000/hunter2",
    "ghp_0123456789abcdef0123456789",
)
# What may be more than a word, and why it cannot do harm; a new one is added here on purpose.
FREE_TEXT = {Text: "\n-", EnvironmentValue: "-"}


def models() -> list[type[BaseModel]]:
    """Every model of the product: a module that speaks of pydantic is imported for it."""
    for folder in ("bunker", "deploys"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            if any(
                word in path.read_text() for word in ("import Section", "BaseModel", "Section,")
            ):
                importlib.import_module(
                    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
                )
    found: list[type[BaseModel]] = []
    pending: list[type[BaseModel]] = list(BaseModel.__subclasses__())
    while pending:
        model = pending.pop()
        pending += model.__subclasses__()
        if model.__module__.startswith(("bunker.", "deploys.")):
            found.append(model)
    return sorted(set(found), key=lambda model: model.__name__)


def leaves(annotation: Any) -> Iterator[Any]:
    """The types of single values in an annotation: through lists, sections, keys and choices."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    inside = origin is Annotated and typing.get_origin(arguments[0]) in (tuple, dict)
    if inside or origin is tuple:
        yield from leaves(arguments[0])
    elif origin is dict:
        yield from leaves(arguments[0])
        yield from leaves(arguments[1])
    elif origin in (typing.Union, types.UnionType):
        for member in arguments:
            yield from leaves(member)
    elif annotation is not types.NoneType and not (
        isinstance(annotation, type) and issubclass(annotation, BaseModel)
    ):
        yield annotation


def fields() -> list[tuple[str, Any]]:
    return [
        (f"{model.__name__}.{name}", leaf)
        for model in models()
        for name, info in model.model_fields.items()
        for leaf in leaves(
            Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        )
    ]


def text_of(adapter: TypeAdapter[Any], value: str) -> str:
    """The text that comes through; empty where the value is refused or becomes no text."""
    try:
        result = adapter.validate_python(value)
    except ValidationError:
        return ""
    return result if isinstance(result, str) else ""


def hostile(allowed: str) -> Iterator[str]:
    for seed in SEEDS:
        for character in NOT_PRINTABLE:
            if character not in allowed:
                yield from (f"{seed}{character}", f"{character}{seed}", f"{seed}{character}{seed}")
    if "-" not in allowed:
        yield from OPTIONS
        yield from (f" {seed}" for seed in SEEDS)
        yield from (f"{seed} " for seed in SEEDS)
    yield from SECRETS


@pytest.mark.parametrize(("field", "leaf"), fields())
def test_no_field_takes_a_line_break_a_control_character_an_option_or_a_secret(field, leaf):
    adapter = TypeAdapter(leaf)
    taken = {value: text_of(adapter, value) for value in hostile(FREE_TEXT.get(leaf, ""))}
    assert [value for value, text in taken.items() if text == value] == [], field
    # Line breaks and blanks at the ends of a key's line are cut off.
    assert all(text.isprintable() and text == text.strip() for text in taken.values()), field


def test_the_walk_sees_every_model_and_every_field():
    names = {model.__name__ for model in models()}
    assert {"Host", "FirewallRule", "FleetSettings", "Window", "EmailTarget"} <= names
    seen = {field for field, _leaf in fields()}
    assert {"Host.environment", "FirewallRule.source", "Policy.approval", "Host.features"} <= seen


@pytest.mark.parametrize(
    "package",
    ["sudo-", "openssh-server-", "vim+", "vim=1", "vim/sid", "-y", "v", "Vim", "a b", "ſu"],
)
def test_a_package_is_a_plain_name(repository, package):
    repository.host("north", f"base: {{extra_packages: ['{package}']}}\n")
    with pytest.raises(Exception, match="expected the plain name of a package") as caught:
        repository.load()
    assert "north.yml:4: base.extra_packages.0 is" in str(caught.value)


@pytest.mark.parametrize(
    "package", ["g++", "libstdc++6", "htop", "python3.11", "libsigc++-2.0-dev"]
)
def test_packages_with_a_plus_in_their_names_are_accepted(package):
    host = {"name": "a", "address": "192.0.2.1", "domain": "a.example.org"}
    assert Host(**host, base={"extra_packages": [package]}).base.extra_packages == (package,)


@pytest.mark.parametrize(
    "more",
    [
        'base: {firewall: [{port: 8443, source: "fe80::1%x\\n-A ufw6-user-input -j ACCEPT\\n#"}]}',
        'base: {fail2ban_ignore: ["fe80::1%x\\nbantime = 1"]}',
        'base: {fail2ban_ignore: ["fe80::1%eth0"]}',
    ],
)
def test_an_address_has_no_zone(repository, more):
    repository.host("north", more + "\n")
    with pytest.raises(Exception, match="expected an address or a network") as caught:
        repository.load()
    assert "\n-A" not in str(caught.value)


@pytest.mark.parametrize(
    ("domain", "sentence"),
    [
        ("teſt.example.org", r"without '\u017f' (LATIN SMALL LETTER LONG S)"),
        ("\u212aelvin.example.org", r"without '\u212a' (KELVIN SIGN)"),
        ("ｔest.example.org", "FULLWIDTH LATIN SMALL LETTER T"),
        ("a\u200db.example.org", "ZERO WIDTH JOINER"),
        ("a。example.org", "IDEOGRAPHIC FULL STOP"),
        ("münchen.example.org", "in ASCII, such as xn--mnchen-3ya.example.org"),
        ("mu\u0308nchen.example.org", "in ASCII, such as xn--mnchen-3ya.example.org"),
        ("straße.example.org", "in ASCII, such as xn--strae-oqa.example.org"),
        ("ex\u0430mple.example.org", "in ASCII, such as xn--exmple-4nf.example.org"),
    ],
)
def test_a_domain_is_ascii_and_the_sentence_has_its_ascii_form(repository, domain, sentence):
    path = repository.host("north")
    for key in ("north.example.org", "203.0.113.1"):
        original = path.read_text()
        path.write_text(original.replace(key, f'"{domain}"'))
        with pytest.raises(Exception, match="in ASCII") as caught:
            repository.load()
        assert sentence in str(caught.value)
        path.write_text(original)


def test_an_ascii_domain_in_punycode_is_accepted(repository):
    path = repository.host("north")
    path.write_text(path.read_text().replace("north.example", "XN--mnchen-3ya.example"))
    assert repository.load().host("north").domain == "xn--mnchen-3ya.example.org"


def test_free_text_reaches_the_environment_file_as_it_is():
    for value in ("-o", " a ", "a'b\"c$d`e\\", "${HOME} #x", "ü €", "a=b"):
        assert TypeAdapter(EnvironmentValue).validate_python(value) == value
        assert parse_dotenv(to_dotenv({"A": value})) == {"A": value}


def test_a_banner_may_have_several_lines(repository):
    repository.host("north", "base:\n  banner: |\n    Authorised use only.\n    - Logged.\n")
    assert repository.load().host("north").base.banner.count("\n") == 2


@pytest.mark.parametrize("name", ["all", "notifications", "North", "a\n"])
def test_a_host_has_a_plain_name(name):
    with pytest.raises(ValidationError):
        Host(name=name, address="192.0.2.1", domain="a.example.org")


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "-x",
        "--upload-pack=x",
        "a b",
        "a\n",
        "a..b",
        "a:b",
        "v*",
        "a~1",
        'a"b',
        "@{u}",
        "\x1b[m",
    ],
)
def test_a_ref_of_the_command_line_is_checked_like_one_of_a_file(ref):
    with pytest.raises(BunkerError, match=r"^--ref: ") as caught:
        checked(GitRef, ref, "--ref")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("ref", ["v2", "feature/x-1", "v2.1+b1", "a" * 40, "release/2024.1"])
def test_a_plain_ref_is_accepted(ref):
    assert checked(GitRef, ref, "--ref") == ref
