"""Which secrets a host has, how they are made, and which values are acceptable."""

import re
import secrets as randomness
import string
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypedDict

from bunker.application.layout import SEPARATOR
from bunker.errors import BunkerError
from bunker.masking import Secret
from bunker.role import named
from bunker.suggest import near_misses
from bunker.vault_text import INFRASTRUCTURE_SECRETS
from deploys.roles import ROLES

HOST_FIELD = "host"
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control, formatting (also what turns a text around), halves of characters, line separators."""
_ALPHABETS = {
    "urlsafe": string.ascii_letters + string.digits + "_-",
    "hex": "0123456789abcdef",
}


class SecretSpec(Protocol):
    """One secret of the environment table; ``generated`` is false for external credentials."""

    @property
    def key(self) -> str: ...
    @property
    def length(self) -> int: ...
    @property
    def alphabet(self) -> Literal["urlsafe", "hex"]: ...
    @property
    def generated(self) -> bool: ...


@dataclass(frozen=True)
class Spec:
    """A secret that another party hands out, unless ``generated`` says otherwise."""

    key: str
    length: int = 32
    alphabet: Literal["urlsafe", "hex"] = "urlsafe"
    generated: bool = False


def default_specs() -> Sequence[SecretSpec]:
    """The secrets of all roles."""
    return [spec for role in ROLES if role.secrets for spec in named(role.secrets)]


def known_names(specs: Iterable[SecretSpec]) -> frozenset[str]:
    """Every name that a vault may hold."""
    return frozenset(spec.key for spec in specs) | frozenset(INFRASTRUCTURE_SECRETS)


def is_left_over(key: str, known: frozenset[str]) -> bool:
    """Whether nothing of the host wants it any more: it is another role's or application's."""
    return key not in known and (
        SEPARATOR in key or any(spec.key == key for spec in default_specs())
    )


def generate(spec: SecretSpec) -> Secret:
    """A random value of the right length; never one that starts with a dash.

    A leading dash would be read as an option by programs that take the value as an argument.
    """
    alphabet = _ALPHABETS[spec.alphabet]
    first = alphabet.replace("-", "")
    rest = (randomness.choice(alphabet) for _ in range(spec.length - 1))
    return Secret(randomness.choice(first) + "".join(rest))


def normalise(key: str, value: Secret) -> Secret:
    """The value as it is stored: ssh reads a private key only with plain, complete lines."""
    if not _is_multi_line(key):
        return value
    return Secret("\n".join(value.reveal().splitlines()).rstrip("\n") + "\n")


def _is_multi_line(key: str) -> bool:
    """Whether it is a private key: the host's, or that of one of its applications."""
    return key.rpartition(SEPARATOR)[2] == "DEPLOY_KEY"


def is_name(key: str) -> bool:
    """Whether this may be the name of a secret at all."""
    return bool(_NAME.fullmatch(key))


def problem_with(key: str, value: Secret, known: frozenset[str], where: str) -> BunkerError | None:
    """What makes this entry unfit to be stored; the value itself is never told."""
    if not is_name(key) or key not in known:
        return unknown_key(key, known, where)
    text = value.reveal()
    problem, expected, remedy = "", "one line without blanks around it", None
    unseen = next((c for c in text if c not in "\n\t" and unicodedata.category(c) in _UNSEEN), "")
    if not text.strip():
        problem, expected, remedy = "is empty", "", "Give a value or remove the key"
    elif unseen:
        problem = f"has an invisible character (U+{ord(unseen):04X})"
        remedy = "It came along when the value was copied: type that part anew"
    elif _is_multi_line(key):
        if not re.match(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n", text):
            problem = "is not a private key"
            expected = "a whole private key, from its BEGIN line to its END line"
    elif text != text.strip() or re.search(r"[\n\t]", text):
        problem = "has a line break, a tab or blanks at its ends"
    if not problem:
        return None
    return BunkerError(f"{key} {problem}", where=where, expected=expected or None, remedy=remedy)


def unknown_key(key: str, known: frozenset[str], where: str) -> BunkerError:
    """The sentence for a name that the environment table does not have, with near misses."""
    near = near_misses(key, known)
    expected = (
        f"one of {', '.join(near)}"
        if near
        else "a secret of one of the host's roles or applications"
    )
    remedy = "`invoke secrets.show` lists the names"
    return BunkerError(f"unknown secret {key!r}", where=where, expected=expected, remedy=remedy)


def require_known(key: str, specs: Iterable[SecretSpec], where: str) -> None:
    """Raise BunkerError for a name under which no vault of these specifications has a secret."""
    known = known_names(specs)
    if key not in known:
        raise unknown_key(key, known, where)


def weakness_of(spec: SecretSpec, value: Secret) -> str | None:
    """Why a stored value falls short of its specification; None when it does not."""
    if not spec.generated:
        return None
    if len(value) < spec.length:
        return f"{spec.key} is too short ({len(value)} characters; expected {spec.length})"
    if not set(value.reveal()) <= set(_ALPHABETS[spec.alphabet]):
        return f"{spec.key} has characters that are unsafe in URLs and in Compose files"
    return None


class Difference(TypedDict):
    """Names of the secrets in which one version of a vault differs from another."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def difference(before: Mapping[str, Secret], after: Mapping[str, Secret]) -> Difference:
    """What ``after`` has other than ``before``."""
    both = before.keys() & after.keys()
    return {
        "added": tuple(sorted(after.keys() - before.keys())),
        "changed": tuple(sorted(name for name in both if before[name] != after[name])),
        "removed": tuple(sorted(before.keys() - after.keys())),
    }
