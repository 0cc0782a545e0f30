"""Finding secrets where plain text belongs: passwords and tokens in addresses, and known forms.

The plain files of a fleet go into git and onto screens, so a value that holds a secret is refused
where it is read, and no message repeats it.
"""

import re
from typing import Final

EXPECTED: Final = (
    "no password or token in it, nor a name before an @ that may be one (git, oauth2 and the like "
    "may stand there): those belong to the secrets"
)

_ADDRESS = re.compile(r"(?:([a-z][a-z0-9+.-]*):)?//(\S*)", re.IGNORECASE | re.ASCII)
_KEYWORD = re.compile(
    r"[?&;#][a-z0-9_.-]*(?:token|secret|passw|pwd|api[_-]?key|access[_-]?key|credential|signature)"
    r"[a-z0-9_.-]*=[^&;\s]",
    re.IGNORECASE | re.ASCII,
)
_WEBHOOK = re.compile(
    r"hooks\.slack\.com/services/\w|/api/webhooks/\d+/\w|/hooks/\w{8,}/\w{8,}",
    re.IGNORECASE | re.ASCII,
)
_KNOWN_FORMS = re.compile(
    r"\b(?:gh[pousr]_\w{20}|github_pat_\w{20}|glpat-[\w-]{20}|xox[abeprs]-[\w-]{10}"
    r"|AKIA[0-9A-Z]{16}|AGE-SECRET-KEY-1\w{10})|-----BEGIN [A-Z ]*PRIVATE KEY",
    re.ASCII,
)
_SSH_LIKE: Final = ("ssh", "git+ssh", "ssh+git", "sftp", "rsync")
"""Here a name before the @ is who logs in with a key."""
_PUBLIC_NAMES = re.compile(
    r"git|oauth2|x-token-auth|x-access-token|gitlab\+deploy-token-\d{1,9}", re.ASCII
)
"""Names that git servers give to whoever comes with a token, which is asked for apart."""


class Disclosed(ValueError):
    """A plain value holds a secret; who reports it must not repeat the value."""

    def __init__(self) -> None:
        super().__init__(f"expected {EXPECTED}")


def holds_secret(text: str) -> bool:
    """Whether a text holds a password or a token that can be told as one."""
    if _KNOWN_FORMS.search(text) or _WEBHOOK.search(text):
        return True
    return any(
        _has_login(found.group(1) or "", found.group(2)) or _KEYWORD.search(found.group(2))
        for found in _ADDRESS.finditer(text)
    )


def _has_login(scheme: str, rest: str) -> bool:
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login, at, _host = authority.rpartition("@")
    if at:
        name, colon, password = login.partition(":")
        if colon and password:
            return True
        return bool(name) and scheme.lower() not in _SSH_LIKE and not _PUBLIC_NAMES.fullmatch(name)
    # `https://me:pass/word@host`: the password itself has a slash.
    _host, colon, port = authority.rpartition(":")
    plain_port = port.isdecimal() or "]" in port or not port
    return bool(colon) and not plain_port and "@" in rest
