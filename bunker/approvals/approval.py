"""Asking for an approval, giving it, and checking it before a run starts.

An approval is an SSH signature over a text that names its subject, who asked and its end. It holds
for that subject alone and for one run, however often that is resumed. Which run used it stands in
the run database and in the audit log.
"""

import hashlib
import json
import secrets as random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from bunker.approvals.requests import (
    ApprovalRequest,
    approvals_folder,
    read_json,
    write_json,
    write_request,
)
from bunker.approvals.ssh_keys import (
    VARIABLE,
    fingerprint_of,
    held_keys,
    operator_key,
    own_fingerprint,
    sign,
    signer_of,
)
from bunker.approvals.subject import ApprovalSubject
from bunker.errors import ApprovalMissing, BunkerError
from bunker.fleet.settings import FleetSettings, approver_name
from bunker.json_form import JsonForm

LIFETIME: Final = timedelta(hours=24)
LONGEST: Final = timedelta(days=7)
CLOCK_SKEW: Final = timedelta(minutes=5)
"""Two operators' clocks may differ by so much."""

UsedBy = Callable[[str], str | None]
"""Which run used an approval of this id; None where none did."""

_MOMENT: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Approval(JsonForm):
    """A checked approval: who signed it, with which key, and until when it holds (UTC).

    ``id`` tells it from any other, also from a later one of the same subject.
    """

    id: str
    digest: str
    approver: str
    fingerprint: Annotated[str, Field(alias="key")]
    expires: datetime
    file: Annotated[Path, Field(exclude=True)]


@dataclass(frozen=True)
class _Signed(JsonForm):
    """What a signed text says besides its subject."""

    digest: str
    asked_keys: tuple[str, ...]
    given: AwareDatetime
    expires: AwareDatetime


def groups_to_approve(settings: FleetSettings, groups: Iterable[str]) -> list[str]:
    """Those of the groups whose policy asks for an approval, sorted."""
    policies = settings.policies
    return sorted(name for name in set(groups) if name in policies and policies[name].approval)


def require_approval(
    root: Path,
    settings: FleetSettings,
    groups: Iterable[str],
    subject: ApprovalSubject,
    approval_file: Path | None = None,
    *,
    starter_key: Path | None = None,
    fleet_key: Path | None = None,
    shown: Sequence[str] = (),
    used_by: UsedBy = lambda _id: None,
    now: datetime | None = None,
) -> Approval | None:
    """Let a run start only with what its groups' policies ask for; None where none asks.

    ``groups`` are all groups of its hosts (:func:`bunker.approvals.policy_groups`).
    ``starter_key`` names the key of whoever starts (None: $BUNKER_OPERATOR_SSH_KEY, else
    ~/.ssh/id_ed25519), ``fleet_key`` the key that the fleet is reached with, ``used_by`` the run
    that an approval was used for. Without an ``approval_file`` one that lies at its usual place is
    taken. Raises BunkerError, and leaves a request file with the plan that was ``shown`` for the
    second operator, where no approval holds.
    """
    asking = groups_to_approve(settings, groups)
    if not asking:
        return None
    what = f"{subject.kind} on group{'s' * (len(asking) > 1)} {', '.join(asking)}"
    if not settings.approvers:
        raise BunkerError(
            f"{what} needs an approval, and no approver is named",
            where=f"inventories/{subject.fleet}/fleet.settings.yaml: approvers",
            expected="public SSH keys of at least two operators",
        )
    now = now or datetime.now(UTC)
    own = _starter_keys(root, starter_key, fleet_key, what)
    usual = approvals_folder(root) / f"{subject.short}.approval"
    if approval_file is not None:
        return check_approval(approval_file, subject, settings, own, now, used_by=used_by)
    reason = "an approval by a second operator"
    if usual.exists():
        try:
            return check_approval(usual, subject, settings, own, now, used_by=used_by)
        except BunkerError as error:
            reason = f"another approval, because {error.problem}"
    request = write_request(root, subject, own, shown)
    raise ApprovalMissing(
        f"{what} needs {reason}",
        where=str(request),
        remedy=f"Another operator runs: invoke approve {subject.short} (or, elsewhere, with a copy"
        f" of that file); then start it again with: --approve {usual}",
    )


def check_approval(
    file: Path,
    subject: ApprovalSubject,
    settings: FleetSettings,
    starter: frozenset[str],
    now: datetime,
    *,
    used_by: UsedBy = lambda _id: None,
) -> Approval:
    """The approval in a file, if it holds for this subject; else a BunkerError that says why."""
    content = read_json(file, "approval")
    text, signature = content.get("text"), content.get("signature")
    if not (isinstance(text, str) and isinstance(signature, str)):
        raise BunkerError("this is no approval", where=str(file))
    number = signer_of(text, signature, settings.approvers)
    if number is None:
        raise BunkerError(
            "its signature is not that of an approver",
            where=str(file),
            expected="an unchanged file, signed by one of: "
            + ", ".join(map(approver_name, settings.approvers)),
        )
    line = settings.approvers[number]
    key = fingerprint_of(line)
    try:
        signed = _Signed.from_text(text)
    except ValueError:
        raise BunkerError("this is no approval", where=str(file)) from None
    if signed.digest != subject.digest:
        raise BunkerError(
            "it approves something else",
            where=str(file),
            expected=f"the digest {subject.short}: the same hosts, kind of run, arguments, commits,"
            " configuration and program",
            remedy="What changed since has to be approved again",
        )
    given, expires = signed.given, signed.expires
    if expires - given > LONGEST or given > now + CLOCK_SKEW:
        raise BunkerError("its dates make no sense here", where=str(file))
    if now >= expires:
        raise BunkerError(
            f"it expired at {expires.strftime(_MOMENT)}",
            where=str(file),
            remedy="Have it approved again",
        )
    if key in starter:
        raise BunkerError(
            f"it was signed with {approver_name(line)}'s key, which whoever starts this run holds"
            " too: that would be the same operator",
            where=str(file),
            expected="the signature of another operator",
            remedy="Let another operator approve it, with a key that is only theirs",
        )
    asked = signed.asked_keys
    if asked and not set(asked) & starter:
        raise BunkerError(
            "it was asked for by another operator",
            where=str(file),
            expected="an approval of your own request",
            remedy="Start the run without it: that leaves a request of yours",
        )
    identity = _id(text)
    if run := used_by(identity):
        raise already_used(run, str(file))
    return Approval(identity, subject.digest, approver_name(line), key, expires, file)


def already_used(run: str, where: str) -> BunkerError:
    """The sentence for an approval that a run was started with."""
    return BunkerError(
        f"it was used already, for the run {run}",
        where=where,
        remedy=f"Take that run up with `invoke run.resume {run}` if it has not ended; another run"
        " has to be approved anew",
    )


def give_approval(
    request: ApprovalRequest,
    key: Path,
    settings: FleetSettings | None,
    lifetime: timedelta = LIFETIME,
    now: datetime | None = None,
) -> Approval:
    """Sign a request; the approval lies beside it. ``settings`` None: the fleet is not at hand.

    Raises BunkerError for a key that is no approver's or that whoever asked holds.
    """
    if not timedelta() < lifetime <= LONGEST:
        raise BunkerError(f"an approval holds for {LONGEST.days} days at most, and not for none")
    own = own_fingerprint(key)
    if not own:
        raise BunkerError(
            "your SSH key cannot be read",
            where=str(key),
            remedy=f"Name it with --key or {VARIABLE}; its .pub file has to lie beside it",
        )
    if own in request.asked_keys:
        raise BunkerError(
            "whoever asked for this holds the same key: that would be the same operator",
            where=str(key),
            remedy="Let another operator approve it, with a key that is only theirs",
        )
    name = own
    if settings is not None:
        names = {fingerprint_of(line): approver_name(line) for line in settings.approvers}
        if own not in names:
            raise BunkerError(
                "this key is not among the fleet's approvers",
                where=str(key),
                expected=f"the key of one of: {', '.join(names.values()) or 'none yet'}",
                remedy="Add its public line to `approvers` in the fleet's settings, or name"
                " another key with --key",
            )
        name = names[own]
    given = (now or datetime.now(UTC)).replace(microsecond=0)
    expires = given + lifetime
    subject = request.subject
    signed = _Signed(subject.digest, request.asked_keys, given, expires).to_json()
    shown = hashlib.sha256("\n".join(request.shown).encode()).hexdigest()
    content = {**subject.to_json(), **signed, "nonce": random.token_hex(16), "shown": shown}
    text = json.dumps(content, indent=1, sort_keys=True)
    file = request.file.with_name(f"{subject.short}.approval")
    write_json(file, {"text": text, "signature": sign(text, key)})
    return Approval(_id(text), subject.digest, name, own, expires, file)


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _starter_keys(
    root: Path, starter_key: Path | None, fleet_key: Path | None, what: str
) -> frozenset[str]:
    path = operator_key(starter_key)
    own = own_fingerprint(path)
    held = held_keys([path, *([fleet_key] if fleet_key else [])], place=root)
    if own not in held:
        raise BunkerError(
            f"{what} needs a second operator, and who the first is cannot be told: there is no"
            " SSH key of yours",
            where=str(path),
            expected="your private key, or its public file while your ssh-agent has the private",
            remedy=f"Name your key with {VARIABLE}",
        )
    return held
