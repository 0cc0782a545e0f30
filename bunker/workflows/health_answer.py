"""What an application answered when it was asked for its health. Pure."""

from dataclasses import dataclass
from typing import Any

from bunker.applications.question import Question

UNASKED = Question("", "it", "GET")
HEALTHY_WORDS = {"ok", "up", "healthy", "pass", "passing", "connected", "ready", "true", "disabled"}
NESTED = ("checks", "services", "components", "dependencies", "details", "parts")
PARTS = ("database", "db", "postgres", "redis", "cache", "queue", "storage", "media")


@dataclass(frozen=True)
class Health:
    """What an application answered to its :class:`Question`, such as ``GET /api/health``.

    ``code`` is the HTTP status, 0 for no answer at all, None where it could not be asked.
    ``expected``: whether it has an address to be asked at.
    """

    code: int | None
    body: Any = None
    question: Question = UNASKED
    expected: bool = True

    @property
    def ok(self) -> bool:
        """Whether it says that it and what it needs work, or has nothing to say."""
        if not self.expected:
            return True
        return self.code is not None and 200 <= self.code < self.question.below

    @property
    def failing(self) -> tuple[str, ...]:
        """The parts that the answer names as failing, such as ``database``."""
        return tuple(failing_parts(self.body))


NOT_ASKED = Health(None)


def failing_parts(body: Any, name: str = "") -> list[str]:
    """Names of the parts that a health answer says are unhealthy, however it nests them."""
    if not isinstance(body, dict):
        healthy = body is True or str(body).lower() in HEALTHY_WORDS
        return [name] if name and not healthy else []
    verdict = body.get("status", body.get("ok", body.get("healthy")))
    if name and not isinstance(verdict, dict | list | None):
        return [name] if failing_parts(verdict, name) else []
    parts: list[str] = []
    for key, value in body.items():
        nested = isinstance(value, dict)
        if key in NESTED and nested:
            parts += [part for inner, item in value.items() for part in failing_parts(item, inner)]
        elif key in ("failing", "failed", "failures"):
            parts += [str(item) for item in (value if isinstance(value, list) else [value]) if item]
        elif key in PARTS:
            parts += failing_parts(value, key)
    return list(dict.fromkeys(parts))
