"""What is known of an encrypted file without any key."""

import re

INFRASTRUCTURE_SECRETS = ("DEPLOY_KEY", "GIT_TOKEN")
"""Names beside the environment's keys: a private key for git over SSH, a token for HTTP."""

_ENCRYPTED_LINE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*: ENC\[AES256_GCM,.*\]")
_NAME = re.compile(r"^([A-Z][A-Z0-9_]*):", re.MULTILINE)
_RECIPIENT = re.compile(r"^\s+-?\s*recipient: (\S+)$", re.MULTILINE)


def recipients(ciphertext: bytes) -> tuple[str, ...]:
    """Who can open a vault, in its own order; readable without any key."""
    _body, _mark, metadata = ciphertext.decode(errors="replace").partition("\nsops:\n")
    return tuple(_RECIPIENT.findall(metadata))


def secret_names(text: str) -> frozenset[str]:
    """Names of the secrets that a vault holds, also of one that is damaged."""
    return frozenset(_NAME.findall(text))


def plaintext_keys(ciphertext: bytes) -> tuple[str, ...]:
    """Names of the entries that a vault carries unencrypted; empty where all are encrypted."""
    body, _mark, _metadata = ciphertext.decode(errors="replace").partition("\nsops:\n")
    lines = [line for line in body.splitlines() if line.strip() and not line.startswith("#")]
    exposed = [line for line in lines if not _ENCRYPTED_LINE.fullmatch(line)]
    return tuple(line.partition(":")[0].strip() if ":" in line else "?" for line in exposed)
