"""The fleet: all hosts of one inventory, checked, and choosing some of them."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from bunker.errors import BunkerError, Problems, distinct, refuse
from bunker.fleet.models import Host
from bunker.suggest import suggest
from deploys.roles import TAGS, may_have_vault, needs_vault

ALL = "all"


@dataclass(frozen=True)
class Fleet:
    """One checked inventory. ``hosts`` is sorted by name."""

    name: str
    root: Path
    hosts: Mapping[str, Host]
    ssh_key: Path | None = None
    """Private key for every host of the fleet; None leaves the choice to agent and ssh_config."""
    pyinfra_data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """By host: what the group data say to pyinfra itself (``_sudo``, ``ssh_*``)."""
    broken: Mapping[str, tuple[BunkerError, ...]] = field(default_factory=dict)
    """Hosts whose files have faults, by name; none of them is among ``hosts``."""
    broken_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The groups of those hosts, as far as their files can be read."""
    dropped: Mapping[str, BunkerError] = field(default_factory=dict)
    """Chosen hosts that were left out of a change because their secrets cannot be read."""
    faults: tuple[BunkerError, ...] = ()
    """Faults of the fleet that stop no single host."""

    @property
    def folder(self) -> Path:
        """Where the host files and their secrets are."""
        return self.root / "inventories" / self.name

    @property
    def known_hosts(self) -> Path:
        """The host keys that were confirmed by an operator."""
        return self.folder / "known_hosts"

    @property
    def sops_config(self) -> Path:
        """The rules by which sops encrypts this fleet's secrets."""
        return self.folder / ".sops.yaml"

    @property
    def ssh_config(self) -> Path | None:
        """The ssh_config of the fleet, else the one of all fleets, else None."""
        for path in (self.folder / "ssh_config", self.root / "inventories" / "ssh_config"):
            if path.is_file():
                return path
        return None

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Host names by group, sorted; every host is also in `all` and in the fleet's own group."""
        members: dict[str, list[str]] = {}
        for host in self.hosts.values():
            for group in host.groups:
                members.setdefault(group, []).append(host.name)
        everyone = {ALL: tuple(self.hosts), self.name: tuple(self.hosts)}
        return {group: tuple(members[group]) for group in sorted(members)} | everyone

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag that some host has, sorted."""
        return tuple(sorted({tag for host in self.hosts.values() for tag in host.tags}))

    def host_file(self, name: str) -> Path:
        return self.folder / f"{name}.yml"

    def secrets_file(self, name: str) -> Path:
        return self.folder / f"{name}.sops.yml"

    def with_secrets(self, hosts: Iterable[Host]) -> list[str]:
        """Names of those whose secrets are read: they need some, or have some all the same."""
        return [
            host.name
            for host in hosts
            if needs_vault(host)
            or (may_have_vault(host) and self.secrets_file(host.name).is_file())
        ]

    def has_secrets(self, host: Host) -> bool:
        """Whether it needs secrets, or has a file of them all the same, whatever they are for."""
        return needs_vault(host) or self.secrets_file(host.name).is_file()

    def host(self, name: str) -> Host:
        """One host by its exact name; an error names near misses."""
        if name not in self.hosts:
            raise self._unknown_host(name)
        return self.hosts[name]

    def require_all(self, remedy: str) -> None:
        """Raise where any file of the fleet has a fault, with all of them."""
        problems = distinct([*self.faults, *chain(*self.broken.values())])
        if problems:
            raise Problems(f"the fleet {self.name} has problems. {remedy}", problems)

    def fault(self, name: str) -> BunkerError:
        """What stops a host whose files have faults."""
        return Problems(f"{name} cannot be used", self.broken[name])

    def without(self, faults: Mapping[str, BunkerError]) -> Fleet:
        """The fleet without these hosts, in each of which a fault was found."""
        hosts = {name: host for name, host in self.hosts.items() if name not in faults}
        broken = dict(self.broken) | {name: (fault,) for name, fault in faults.items()}
        groups = {name: self.hosts[name].groups for name in faults if name in self.hosts}
        return replace(
            self,
            hosts=hosts,
            broken=dict(sorted(broken.items())),
            broken_groups={**self.broken_groups, **groups},
            dropped={**self.dropped, **faults},
        )

    @property
    def warnings(self) -> list[str]:
        """A sentence for each host that is left out, and for what is wrong besides."""
        left_out = [f"{name} is left out: {found[0]}" for name, found in self.broken.items()]
        return [*left_out, *map(str, self.faults)]

    def select(
        self,
        hosts: Sequence[str] = (),
        groups: Sequence[str] = (),
        tags: Sequence[str] = (),
    ) -> list[Host]:
        """The chosen hosts, sorted by name; none of those whose files have faults.

        Hosts (names, or patterns such as ``north-*``) and groups add up; tags narrow the choice to
        hosts that have every one of them. Every name must match something, and the outcome is
        never empty: either is an error, with all mistakes at once.
        """
        if not (hosts or groups or tags):
            raise BunkerError(
                "no host was chosen",
                expected="a host, a group or a tag",
                remedy=f"Name a host or a group ({', '.join(sorted(self.groups))})",
            )
        members = self.groups
        named = {pattern: fnmatch.filter(self.hosts, pattern) for pattern in hosts}
        problems = [
            *(
                self._unknown_host(pattern)
                for pattern, found in named.items()
                if not found or pattern in self.broken
            ),
            *(self._unknown_group(group) for group in groups if group not in members),
            *(self._unknown_tag(tag) for tag in tags if tag not in self.tags),
        ]
        refuse("the choice of hosts does not fit the fleet", problems, single=True)
        chosen = {*chain(*named.values()), *chain(*(members[group] for group in groups))}
        names = chosen if hosts or groups else set(self.hosts)
        wanted = set(tags)
        result = [self.hosts[name] for name in sorted(names) if wanted <= {*self.hosts[name].tags}]
        if not result:
            raise self._nothing(hosts, groups, tags)
        return result

    def _unknown_tag(self, tag: str) -> BunkerError:
        text = f"no host of the fleet {self.name} has the tag {tag!r}"
        remedy = suggest(tag, self.tags)
        if tag in TAGS:
            remedy = f"--tag selects hosts by tag; to limit a deploy to a role use --role {tag}"
        return BunkerError(text, remedy=remedy)

    def _unknown_group(self, group: str) -> BunkerError:
        text = f"no group {group!r} in the fleet {self.name}"
        if group in self.hosts:
            return BunkerError(text, remedy=f"{group} is a host: choose it with --host {group}")
        members = [name for name in self.broken if group in self.broken_groups.get(name, ())]
        if members:
            names = ", ".join(members)
            title = f"every host of the group {group} has a file with faults: {names}"
            return Problems(title, distinct(chain(*(self.broken[name] for name in members))))
        if self.broken:
            names = ", ".join(self.broken)
            text += f" (files with faults are left out: {names})"
        return BunkerError(text, remedy=suggest(group, self.groups))

    def _unknown_host(self, name: str) -> BunkerError:
        if name in self.broken:
            return self.fault(name)
        text = f"no host {name!r} in the fleet {self.name}"
        if name in self.groups:
            return BunkerError(text, remedy=f"{name} is a group: choose it with --group {name}")
        return BunkerError(text, remedy=suggest(name, {*self.hosts, *self.broken}))

    def _nothing(
        self, hosts: Sequence[str], groups: Sequence[str], tags: Sequence[str]
    ) -> BunkerError:
        if not self.hosts:
            remedy = "Add the first with `invoke instance.add`"
            return BunkerError(f"the fleet {self.name} has no hosts yet", remedy=remedy)
        among = f" among {', '.join((*hosts, *groups))}" if hosts or groups else ""
        return BunkerError(f"no host{among} has all of the tags {', '.join(tags)}")
