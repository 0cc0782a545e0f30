"""What must never become history: secrets that stand in a file in plaintext."""

import re

from bunker.vault_text import plaintext_keys, recipients

_PRIVATE_KEYS = re.compile(
    rb"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----|AGE-SECRET-KEY-1[0-9A-Z]{20}", re.MULTILINE
)


def why_not_to_commit(name: str, content: bytes) -> str | None:
    """What is wrong with a file of the inventory, as the end of a sentence; None where nothing is.

    Values are never told, names of keys are.
    """
    if name.endswith(".sops.yml"):
        if not recipients(content):
            return "is not encrypted: it has no sops metadata"
        if exposed := plaintext_keys(content):
            return f"holds values in plaintext: {', '.join(exposed)}"
    if _PRIVATE_KEYS.search(content):
        return "holds a private key in plaintext"
    return None
