"""What is approved: one kind of run over exact hosts, with exact inputs. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from bunker.errors import BunkerError

SHORT_DIGEST: Final = 12
"""So many digits of the digest name a request for people and in file names."""


@dataclass(frozen=True)
class ApprovalSubject:
    """What a run is going to do, as far as an approval is concerned.

    ``kind`` is the workflow (``rollout``, ``os-upgrade``), ``ref`` what the operator asked for
    (empty where nothing was), ``commits`` the exact commit of each host where code changes.
    ``arguments`` are all others that decide what the run does, ``inputs`` a fingerprint by host of
    everything that it is made from (:mod:`bunker.runs.inputs`). ``asked_by`` says who wants it; it
    is shown, and no part of the digest.
    """

    fleet: str
    kind: str
    hosts: tuple[str, ...]
    ref: str = ""
    commits: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    asked_by: str = ""

    def __post_init__(self) -> None:
        # The order of hosts is the rollout's business, not the approval's.
        object.__setattr__(self, "hosts", tuple(sorted(set(self.hosts))))
        for name in ("commits", "arguments", "inputs"):
            object.__setattr__(self, name, dict(sorted(getattr(self, name).items())))

    @property
    def digest(self) -> str:
        """64 hexadecimal digits that stand for exactly this subject."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    @property
    def short(self) -> str:
        """The digest's first digits, which name its files."""
        return self.digest[:SHORT_DIGEST]

    def canonical(self) -> str:
        """The text that the digest is of: the same for equal subjects, on every machine."""
        content = self.to_json()
        del content["asked_by"]
        return json.dumps({"bunker-approval": 2, **content}, sort_keys=True, ensure_ascii=True)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "hosts": list(self.hosts)}

    @classmethod
    def from_json(cls, data: Any, *, where: str) -> Self:
        """The subject as it was written; BunkerError where the data are none."""
        try:
            strings = {key: data[key] for key in ("fleet", "kind", "ref", "asked_by")}
            hosts = data["hosts"]
            maps = {key: data[key] for key in ("commits", "arguments", "inputs")}
            texts = [*strings.values(), *hosts]
            texts += [text for named in maps.values() for item in named.items() for text in item]
            # A line break or an escape in a name could show an approver something else.
            good = isinstance(hosts, list) and all(
                isinstance(text, str) and text.isprintable() for text in texts
            )
        except (AttributeError, KeyError, TypeError):
            good = False
        if not good:
            raise BunkerError("this is no request for an approval", where=where)
        return cls(hosts=tuple(hosts), **maps, **strings)

    def lines(self) -> list[str]:
        """What a person reads before approving it."""
        by_commit: dict[str, list[str]] = {}
        for host in self.hosts:
            by_commit.setdefault(self.commits.get(host, ""), []).append(host)
        lines = [
            f"{self.kind} of {len(self.hosts)} host{'s' * (len(self.hosts) != 1)}"
            f" of the fleet {self.fleet}",
            f"asked by  {self.asked_by or 'not known'}",
        ]
        if self.ref:
            lines.append(f"ref       {self.ref}")
        for commit, hosts in by_commit.items():
            lines.append(f"commit    {commit}" if commit else "commit    as it is")
            lines.append(f"  hosts   {', '.join(hosts)}")
        given = [f"{key} {value}" for key, value in self.arguments.items() if value]
        if given:
            lines.append(f"with      {', '.join(given)}")
        return [*lines, f"digest    {self.digest}"]
