"""What is approved: one kind of run over exact hosts, with exact inputs. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import AfterValidator

from bunker.json_form import JsonForm

SHORT_DIGEST: Final = 12
"""So many digits of the digest name a request for people and in file names."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it could show an approver something else than it is")
    return text


_Shown = Annotated[str, AfterValidator(_printable)]


@dataclass(frozen=True)
class ApprovalSubject(JsonForm):
    """What a run is going to do, as far as an approval is concerned.

    ``kind`` is the workflow (``rollout``, ``os-upgrade``), ``ref`` what the operator asked for
    (empty where nothing was), ``commits`` the exact commit of each host where code changes.
    ``arguments`` are all others that decide what the run does, ``inputs`` a fingerprint by host of
    everything that it is made from (:mod:`bunker.runs.inputs`). ``asked_by`` says who wants it; it
    is shown, and no part of the digest.
    """

    fleet: _Shown
    kind: _Shown
    hosts: tuple[_Shown, ...]
    ref: _Shown = ""
    commits: Mapping[_Shown, _Shown] = field(default_factory=dict)
    arguments: Mapping[_Shown, _Shown] = field(default_factory=dict)
    inputs: Mapping[_Shown, _Shown] = field(default_factory=dict)
    asked_by: _Shown = ""

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
