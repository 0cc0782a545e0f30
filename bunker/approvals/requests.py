"""Requests for an approval: files that one operator leaves and another one reads."""

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunker.approvals.ssh_keys import PublicKey
from bunker.approvals.subject import ApprovalSubject
from bunker.errors import BunkerError
from bunker.files import read_json as read_any_json
from bunker.files import write_atomically


@dataclass(frozen=True)
class ApprovalRequest:
    """What someone waits for; ``asked_keys`` are fingerprints of the keys that they hold.

    ``shown`` is the plan as they saw it, line by line.
    """

    subject: ApprovalSubject
    asked_keys: tuple[str, ...]
    file: Path
    shown: tuple[str, ...] = ()


def approvals_folder(root: Path) -> Path:
    """Where requests and approvals lie: `.bunker/approvals` of the control machine's checkout."""
    return root / ".bunker" / "approvals"


def write_request(
    root: Path,
    subject: ApprovalSubject,
    starter: Iterable[PublicKey] = (),
    shown: Sequence[str] = (),
) -> Path:
    """Leave a file that a second operator can approve; its path. Again: the same file."""
    content = {
        "digest": subject.digest,
        "subject": subject.to_json(),
        "asked_keys": sorted(key.fingerprint for key in starter),
        "shown": list(shown),
    }
    return write_json(approvals_folder(root) / f"{subject.short}.json", content)


def read_request(root: Path, named: str) -> ApprovalRequest:
    """The request that a file or the beginning of a digest names."""
    file = Path(named)
    if not os.path.lexists(named):
        digest = re.fullmatch(r"[0-9a-f]{1,64}", named)
        found = sorted(approvals_folder(root).glob(f"{named}*.json")) if digest else []
        if len(found) != 1:
            known = sorted(path.stem for path in approvals_folder(root).glob("*.json"))
            raise BunkerError(
                f"{'several requests begin' if found else 'no request begins'} with {named!r}",
                where=str(approvals_folder(root)),
                expected="a file, or the digest of one of: " + (", ".join(known) or "none"),
            )
        file = found[0]
    content = read_json(file, "request")
    subject = ApprovalSubject.from_json(content.get("subject"), where=str(file))
    if content.get("digest") != subject.digest:
        raise BunkerError("the request was changed: its digest is another one", where=str(file))
    lists = {name: content.get(name, []) for name in ("asked_keys", "shown")}
    for name, value in lists.items():
        if not isinstance(value, list):
            raise BunkerError(f"this is no request: {name} is no list", where=str(file))
    keys, shown = (tuple(map(str, value)) for value in lists.values())
    return ApprovalRequest(subject, keys, file, shown)


def read_json(file: Path, what: str) -> dict[str, Any]:
    """The mapping in a file that should be one of ours; BunkerError where it is not."""
    try:
        content = read_any_json(file)
    except FileNotFoundError:
        raise BunkerError(f"there is no such {what}", where=str(file)) from None
    except BunkerError as error:
        problem = f"this is no {what}: {error.problem}"
        raise BunkerError(problem, where=error.where) from None
    if not isinstance(content, dict):
        raise BunkerError(f"this is no {what}", where=str(file))
    return content


def write_json(file: Path, content: dict[str, Any]) -> Path:
    """Write the file at once; its path."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1) + "\n"
    write_atomically(file, text.encode(), mode=0o644)
    return file
