"""The vocabulary of the environment table: what is said about one key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bunker.application.value_types import ValueType

if TYPE_CHECKING:
    from bunker.fleet.models import Host

Alphabet = Literal["urlsafe", "hex"]


@dataclass(frozen=True)
class SecretSpec:
    """How one secret of the environment comes to be.

    ``length`` counts characters. ``urlsafe`` is ``[A-Za-z0-9_-]``, which needs no quoting in a
    URL, a dotenv file or a Compose file; ``hex`` is ``[0-9a-f]``. ``generated`` is false for a
    value that a provider hands out (a mail account, a map key): it can only be set by hand.
    """

    key: str
    length: int
    alphabet: Alphabet
    generated: bool
    meaning: str


@dataclass(frozen=True)
class HostIds:
    """Numeric ids on the host that containers run with and write files as."""

    user_id: int = 1000
    group_id: int = 1000
    docker_group_id: int = 999


@dataclass(frozen=True)
class Context:
    """What a derived default may look at.

    ``features`` holds every feature of the table, resolved to on or off.
    """

    host: Host
    features: dict[str, bool]
    profiles: tuple[str, ...]
    ids: HostIds

    def url(self, subdomain: str) -> str:
        """Address of one of the instance's subdomains, as a browser sees it."""
        return f"https://{subdomain}.{self.host.domain}"


Default = str | Callable[[Context], str]


@dataclass(frozen=True)
class SecretSource:
    """Where a secret key's value comes from when the vault is read.

    ``derived`` values are put together from other keys and need not be in the vault;
    ``external`` ones are handed out by a third party; all others are generated per host.
    """

    length: int = 32
    alphabet: Alphabet = "urlsafe"
    external: bool = False
    derived: Callable[[dict[str, str]], str] | None = None


@dataclass(frozen=True)
class Variable:
    """One key of the environment table.

    ``feature`` names the feature that needs the key ("" for the core). A key with
    ``required`` must have a value while its feature is on. ``governed_by`` names the part of the
    host file that decides the value, so that it cannot be set under ``environment`` as well.
    """

    key: str
    meaning: str
    type: ValueType = ValueType.TEXT
    default: Default = ""
    default_text: str = ""
    feature: str = ""
    required: bool = False
    secret: SecretSource | None = None
    governed_by: str = ""

    @property
    def is_generated(self) -> bool:
        """Whether the value is a secret that is generated once per host."""
        return self.secret is not None and not (self.secret.external or self.secret.derived)
