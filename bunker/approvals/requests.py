"""Requests for an approval: files that one operator leaves and another one reads."""

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from bunker.approvals.subject import ApprovalSubject
from bunker.errors import BunkerError
from bunker.files import read_json as read_any_json
from bunker.files import write_atomically
from bunker.json_form import JsonForm


@dataclass(frozen=True)
class ApprovalRequest(JsonForm):
    """What someone waits for; ``asked_keys`` are fingerprints of the keys that they hold.

    ``shown`` is the plan as they saw it, line by line.
    """

    subject: ApprovalSubject
    asked_keys: tuple[str, ...]
    file: Annotated[Path, Field(exclude=True)]
    shown: tuple[str, ...] = ()


def approvals_folder(root: Path) -> Path:
    """Where requests and approvals lie: `.bunker/approvals` of the control machine's checkout."""
    return root / ".bunker" / "approvals"


def write_request(
    root: Path,
    subject: ApprovalSubject,
    starter: Iterable[str] = (),
    shown: Sequence[str] = (),
) -> Path:
    """Leave a file that a second operator can approve; its path. Again: the same file."""
    file = approvals_folder(root) / f"{subject.short}.json"
    request = ApprovalRequest(subject, tuple(sorted(starter)), file, tuple(shown))
    return write_json(file, {"digest": subject.digest, **request.to_json()})


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
    try:
        request = ApprovalRequest.from_json({**content, "file": file})
    except ValueError:
        raise BunkerError("this is no request for an approval", where=str(file)) from None
    if content.get("digest") != request.subject.digest:
        raise BunkerError("the request was changed: its digest is another one", where=str(file))
    return request


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
