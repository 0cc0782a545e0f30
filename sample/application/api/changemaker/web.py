"""What a request and an answer are, and how a path finds its function."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any


class RefusalError(Exception):
    """An answer other than success, raised from anywhere below a route."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Body:
    """The bytes that a request announced, and no byte of what follows them."""

    def __init__(self, stream: IO[bytes], length: int) -> None:
        self._stream, self.length, self._left = stream, length, length

    def read(self, most: int) -> bytes:
        """Up to ``most`` bytes; empty at the end."""
        chunk = self._stream.read(min(most, self._left)) if self._left else b""
        self._left = self._left - len(chunk) if chunk else 0
        return chunk

    def drain(self) -> None:
        """Read what nobody wanted: closing on unread bytes can lose the answer on its way."""
        while self._left:
            self.read(1 << 16)


@dataclass(frozen=True)
class Request:
    """One request. ``address`` is the visitor's, as nginx reports it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Body
    address: str

    def json(self, limit: int) -> dict[str, Any]:
        """The body as an object; refuses what is larger than ``limit`` bytes or not one."""
        if self.body.length > limit:
            raise RefusalError(413, "the body is too large")
        try:
            value = json.loads(self.body.read(self.body.length) or b"{}")
        except ValueError:
            raise RefusalError(400, "the body is not JSON") from None
        if not isinstance(value, dict):
            raise RefusalError(422, "the body is not an object")
        return value

    def token(self) -> str:
        """The bearer token; refuses a request without one."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise RefusalError(401, "a bearer token is needed")
        return token


@dataclass(frozen=True)
class Answer:
    """An answer: JSON from ``data``, or bytes or an open file with their own type."""

    data: Any = None
    status: int = 200
    content: bytes | None = None
    file: IO[bytes] | None = None
    type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The bytes of an answer that is not a file."""
        if self.content is not None:
            return self.content
        return json.dumps(self.data, default=str).encode() + b"\n"


Handler = Callable[..., Answer]


class Router:
    """Finds the function of a method and path; ``{name}`` in a path matches one segment."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Register a function; it is called with the request and the path's parts by name."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        self._routes.append((method, re.compile(pattern), handler))

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        """The function and the path's parts; refuses with 404 or 405."""
        allowed = []
        for known, pattern, handler in self._routes:
            match = pattern.fullmatch(path)
            if match and known == method:
                return handler, match.groupdict()
            if match:
                allowed.append(known)
        if allowed:
            raise RefusalError(405, "this method is not allowed", Allow=", ".join(sorted(allowed)))
        raise RefusalError(404, "there is nothing here")


def text_field(body: Mapping[str, Any], name: str, *, longest: int = 2000) -> str:
    """A non-empty text of the body; refuses with 422."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise RefusalError(422, f"{name}: a text of 1 to {longest} characters is needed")
    return value.strip()
