"""The environment of one instance: the table's defaults, the host's own values, its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from bunker.application.dotenv import to_dotenv
from bunker.application.features import compose_profiles, feature_problems, resolve_features
from bunker.application.layout import prefix_of
from bunker.application.table import (
    DERIVED,
    DERIVED_SECRETS,
    PUBLIC_KEYS,
    SECRET_KEYS,
    TABLE,
    Context,
    HostIds,
    Variable,
)
from bunker.application.value_types import EXPECTED, ValueType, is_valid
from bunker.bundle import BundleFile
from bunker.errors import BunkerError, refuse
from bunker.masking import Secret
from bunker.suggest import perhaps

if TYPE_CHECKING:
    from bunker.fleet.models import Host


@dataclass(frozen=True)
class Environment:
    """Every key of the table with its value, in the table's order; secrets stay wrapped."""

    values: Mapping[str, str | Secret]
    features: Mapping[str, bool]
    profiles: tuple[str, ...]

    def public(self, key: str) -> str:
        """The value of a key that is not secret; ValueError for one that is."""
        value = self.values[key]
        if isinstance(value, Secret):
            raise ValueError(f"{key} is secret")
        return value

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret value that is set, for a redactor."""
        return tuple(value for value in self.values.values() if isinstance(value, Secret) and value)


def render_environment(
    host: Host,
    secrets: Mapping[str, Secret],
    *,
    ids: HostIds | None = None,
) -> Environment:
    """The environment of ``host``: its own values over derived defaults, and its secrets.

    ``secrets`` is the host's opened vault; keys that the table does not know are not part of the
    environment and are left alone. ``ids`` are the ids found on the host. Raises :class:`Problems`
    that lists everything that is wrong, never a secret value.
    """
    return _Rendering(host, secrets, ids or HostIds()).finish()


def host_ports(host: Host) -> dict[str, str]:
    """The ports that the instance takes on its host, by key; as they are, fit or not."""
    rendering = _Rendering(host, {}, HostIds())
    return rendering.ports({key: rendering.public(TABLE[key]) for key in PUBLIC_KEYS})


def environment_file(
    host: Host,
    secrets: Mapping[str, Secret],
    *,
    ids: HostIds | None = None,
) -> BundleFile:
    """The instance's ``.env``, readable by the deploy user only; same input, same bytes."""
    header = (
        f"Made by Bunker Ops for host {host.name}. Do not edit: the next deploy overwrites it.",
        "Plain values: `environment` and `features` in the host's file of the inventory.",
        f"Secret values: `invoke secrets.set --host {host.name}`.",
        "What runs, since when: the generations below /var/lib/bunker on this host.",
    )
    environment = render_environment(host, secrets, ids=ids)
    return BundleFile(
        path=f"{host.application.directory}/.env",
        content=to_dotenv(environment.values, header=header),
        mode=0o600,
        owner=host.user,
        kind="dotenv",
        secret=True,
        public_keys=PUBLIC_KEYS,
    )


class _Rendering:
    def __init__(self, host: Host, secrets: Mapping[str, Secret], ids: HostIds) -> None:
        self.host = host
        self.vault = secrets
        self.where = f"host file of {host.name}"
        self.problems = list(feature_problems(host.features, where=self.where))
        self.features = resolve_features(host.features, tier=host.tier)
        self.profiles = compose_profiles(self.features)
        context = Context(host, self.features, self.profiles, ids)
        self.derived = {name: of(context) for name, (_text, of) in DERIVED.items()}

    def finish(self) -> Environment:
        self._check_overrides()
        plain = {key: self.public(TABLE[key]) for key in TABLE if key in PUBLIC_KEYS}
        vaulted = {key: self._secret(TABLE[key]) for key in TABLE if key in SECRET_KEYS}
        self._check_ports(plain)
        refuse(f"the environment of {self.host.name} is not usable", self.problems)
        clear = plain | {key: secret.reveal() for key, secret in vaulted.items()}
        values: dict[str, str | Secret] = {}
        for key, row in TABLE.items():
            if row.origin == "derived" and not vaulted[key]:
                values[key] = Secret(DERIVED_SECRETS[key](clear))
            else:
                values[key] = vaulted[key] if row.origin else plain[key]
        return Environment(MappingProxyType(values), self.features, self.profiles)

    def _check_overrides(self) -> None:
        for key in self.host.environment:
            if key in SECRET_KEYS:
                self._problem(
                    f"environment: {key} is a secret and must not stand in a plain file",
                    expected="it in the vault only",
                    remedy=f"Remove it and run `{self._set_command(key)}`; the value that stood"
                    " there counts as disclosed",
                )
            elif key not in TABLE:
                self._problem(
                    f"environment: {key} is not a key of the environment table",
                    expected="a key of docs/environment.md",
                    remedy=perhaps(key, TABLE),
                )
            elif TABLE[key].governed_by:
                self._problem(
                    f"environment: {key} follows `{TABLE[key].governed_by}` of the host file",
                    remedy=f"Remove it and change `{TABLE[key].governed_by}`",
                )

    def public(self, row: Variable) -> str:
        value = self.host.environment.get(row.key, row.default.format_map(self.derived))
        if value:
            self._check_type(row, value, shown=f" {value!r}")
        elif row.required and self._is_on(row):
            self._problem(
                f"environment: {row.key} has no value{self._because(row)}",
                expected=f"{row.meaning} ({EXPECTED[row.type]})",
                remedy=f"Set {row.key} under `environment`",
            )
        return value

    def _secret(self, row: Variable) -> Secret:
        value = self.vault.get(row.key, Secret(""))
        if value:
            self._check_type(row, value.reveal(), shown="'s secret value")
        elif row.generated or (row.required and self._is_on(row)):
            known = [key for key in self.vault if key not in TABLE]
            guess = perhaps(row.key, known)
            command = f"invoke secrets.generate {self.host.name}"
            remedy = f"Run `{command if row.generated else self._set_command(row.key)}`"
            self._problem(
                f"the secret {row.key} is missing{self._because(row)}",
                expected=row.meaning,
                remedy=f"{guess}. {remedy}" if guess else remedy,
            )
        return value

    def _check_type(self, row: Variable, value: str, *, shown: str) -> None:
        if not is_valid(row.type, value):
            self._problem(
                f"environment: {row.key}{shown} does not fit its type",
                expected=f"{EXPECTED[row.type]} on one line",
            )

    def ports(self, plain: Mapping[str, str]) -> dict[str, str]:
        """The ports on the host among these values, in the table's order: those of what is on."""
        rows = (row for row in TABLE.values() if row.type is ValueType.HOST_PORT)
        return {row.key: plain[row.key] for row in rows if plain[row.key] and self._is_on(row)}

    def _check_ports(self, plain: Mapping[str, str]) -> None:
        ssh_port = self.host.base.ssh_listen_port or self.host.port
        taken: dict[str, str] = {str(ssh_port): "sshd"}
        for key, value in self.ports(plain).items():
            if value in taken:
                self._problem(
                    f"environment: {key} and {taken[value]} both take port {value} on the host",
                    expected="each published port once",
                )
            taken.setdefault(value, key)

    def _set_command(self, key: str) -> str:
        name = prefix_of(self.host.application.name) + key
        return f"invoke secrets.set --host {self.host.name} --key {name}"

    def _is_on(self, row: Variable) -> bool:
        return not row.feature or self.features[row.feature]

    def _because(self, row: Variable) -> str:
        if row.feature == "reporting":
            return ", and the host is on tier 2"
        return f", and the feature {row.feature} is on" if row.feature and self._is_on(row) else ""

    def _problem(
        self, text: str, *, expected: str | None = None, remedy: str | None = None
    ) -> None:
        self.problems.append(BunkerError(text, where=self.where, expected=expected, remedy=remedy))
