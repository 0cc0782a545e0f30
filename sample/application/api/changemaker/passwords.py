"""Passwords (scrypt) and tokens (JSON Web Tokens, HS256), from the standard library."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time

COST = {"n": 2**14, "r": 8, "p": 1}


def hash_password(password: str) -> str:
    """A salted hash to store."""
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, **COST)
    return f"scrypt${salt.hex()}${digest.hex()}"


def password_matches(password: str, stored: str) -> bool:
    """Whether the password is the one that was stored; False for a hash of another kind."""
    try:
        scheme, salt, digest = stored.split("$")
        expected = bytes.fromhex(digest)
        given = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **COST)
    except ValueError:
        return False
    return scheme == "scrypt" and hmac.compare_digest(given, expected)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature(secret: str, content: str) -> bytes:
    return hmac.new(secret.encode(), content.encode(), hashlib.sha256).digest()


def make_token(secret: str, claims: dict[str, object], *, life: int) -> str:
    """A signed token that ends after ``life`` seconds."""
    now = int(time.time())
    header = _encode(b'{"alg":"HS256","typ":"JWT"}')
    body = _encode(json.dumps({**claims, "iat": now, "exp": now + life}).encode())
    return f"{header}.{body}.{_encode(_signature(secret, f'{header}.{body}'))}"


def read_token(secret: str, token: str) -> dict[str, object] | None:
    """Its claims; None for a token that is not ours, was changed, or ended."""
    content, _, signature = token.rpartition(".")
    try:
        if not hmac.compare_digest(_decode(signature), _signature(secret, content)):
            return None
        claims = json.loads(_decode(content.split(".")[1]))
        return claims if claims["exp"] > time.time() else None
    except (ValueError, KeyError, IndexError, TypeError):
        return None
