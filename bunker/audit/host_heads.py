"""The heads that runs left on the hosts: witnesses that this machine cannot rewrite unnoticed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bunker.audit.chain import Head
from bunker.audit.verification import Verification
from bunker.host_keys import Unreachable
from bunker.remote import Completed, Remote, run_many

HEAD_FILE = "/var/lib/bunker/audit-head.json"
_SCRIPT = f"if [ -e {HEAD_FILE} ]; then cat {HEAD_FILE}; fi"
_TIMEOUT_SECONDS = 30

State = Literal["agrees", "contradicts", "none", "unknown"]


@dataclass(frozen=True)
class Witness:
    """What one host knows of the log. ``contradicts`` proves that the log was cut or rewritten."""

    host: str
    state: State
    text: str
    head: Head | None = None


def ask_hosts(remotes: Sequence[Remote], verification: Verification) -> list[Witness]:
    """Ask hosts for the head that each keeps, and compare."""
    answers = run_many(remotes, _SCRIPT, timeout=_TIMEOUT_SECONDS, sudo=True)
    return compare(answers, verification)


def compare(
    answers: Mapping[str, Completed | Unreachable], verification: Verification
) -> list[Witness]:
    """What the hosts' answers say about the log."""
    return [_witness(host, answer, verification) for host, answer in sorted(answers.items())]


def _witness(host: str, answer: Completed | Unreachable, log: Verification) -> Witness:
    if isinstance(answer, Unreachable):
        return Witness(host, "unknown", f"could not be asked: {answer.problem}")
    if not answer.ok:
        last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        return Witness(host, "unknown", f"refused to answer: {last}")
    if not answer.stdout.strip():
        return Witness(host, "none", "keeps no head yet")
    try:
        head = Head.from_text(answer.stdout)
    except ValueError:
        return Witness(host, "unknown", f"keeps no readable head in {HEAD_FILE}")
    return _compared(host, head, log)


def _compared(host: str, head: Head, log: Verification) -> Witness:
    if head.fleet != log.fleet:
        text = f"keeps a head of another fleet, {head.fleet}"
        return Witness(host, "unknown", text, head)
    if log.chain != head.chain:
        text = (
            f"keeps entry {head.seq} of another chain ({head.chain}, {head.time}): written from "
            "another control machine, or before the log's key was replaced"
        )
        return Witness(host, "unknown", text, head)
    mac = log.macs.get(head.seq)
    if mac == head.mac:
        return Witness(host, "agrees", f"knows entry {head.seq} of {head.time}", head)
    gone = "is not in the log" if mac is None else "is another one in the log"
    text = f"knows entry {head.seq} of {head.time}, which {gone}: it was cut or rewritten"
    return Witness(host, "contradicts", text, head)
