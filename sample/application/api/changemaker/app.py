"""What all routes share: settings, database, Redis, metrics, and who asks."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from changemaker.database import Database
from changemaker.metrics import CONTENT_TYPE, AppMetrics
from changemaker.passwords import read_token
from changemaker.release import VERSION
from changemaker.settings import Settings
from changemaker.web import Answer, RefusalError, Request

REVISION_FILE = Path(__file__).resolve().parent.parent / "REVISION"


def commit() -> str:
    """The commit that this image was made from; "unknown" outside of an exported tree."""
    text = REVISION_FILE.read_text().strip() if REVISION_FILE.exists() else ""
    return "unknown" if not text or text.startswith("$") else text


@dataclass
class App:
    """The running application."""

    settings: Settings
    database: Database
    cache: redis.Redis
    metrics: AppMetrics
    commit: str

    def health(self, _request: Request) -> Answer:
        """200, or 503 naming the part that fails."""
        parts = {}
        try:
            self.database.check()
            parts["database"] = "ok"
        except psycopg.Error as error:
            parts["database"] = type(error).__name__
        try:
            self.cache.ping()
            parts["redis"] = "ok"
        except redis.RedisError as error:
            parts["redis"] = type(error).__name__
        failing = [name for name, state in parts.items() if state != "ok"]
        told = {
            "status": "error" if failing else "ok",
            "version": VERSION,
            "commit": self.commit,
            "failing": failing,
            **parts,
        }
        return Answer(told, status=503 if failing else 200)

    def features(self, _request: Request) -> Answer:
        """Which features are on."""
        return Answer({"version": VERSION, "features": dict(self.settings.flags)})

    def show_metrics(self, _request: Request) -> Answer:
        """All series; those that need the database or Redis keep their last value without them."""
        metrics = self.metrics
        with contextlib.suppress(redis.RedisError):
            metrics.email_queue.set(self.cache.llen("mail:queue"))
            metrics.backup_time.set(float(self.cache.get("backup:last_success") or 0))
            metrics.backup_size.set(float(self.cache.get("backup:size_bytes") or 0))
        with contextlib.suppress(psycopg.Error):
            query = "SELECT count(*) AS n FROM canvass_sessions WHERE ended_at IS NULL"
            metrics.sessions.set((self.database.row(query) or {"n": 0})["n"])
        return Answer(content=metrics.render().encode(), type=CONTENT_TYPE)

    def require(self, feature: str) -> None:
        """Refuse what belongs to a feature that is off."""
        if not self.settings.flags[feature]:
            raise RefusalError(404, f"the feature {feature} is off")

    def user(self, request: Request, *roles: str) -> dict[str, object]:
        """Who asks; refuses strangers with 401, and users without one of the roles with 403."""
        claims = read_token(self.settings.access_secret, request.token())
        if claims is None:
            raise RefusalError(401, "the token is not valid")
        found = self.database.row(
            "SELECT id, email, role, active FROM users WHERE id = %s", (claims["sub"],)
        )
        if found is None or not found["active"]:
            raise RefusalError(401, "the account is gone or closed")
        if roles and found["role"] not in roles:
            raise RefusalError(403, f"only for {' and '.join(roles)}")
        return found

    def limit(self, name: str, most: int) -> None:
        """Count one use of ``name`` in the window; refuse with 429 beyond ``most``."""
        key = f"limit:{name}"
        window = int(self.settings.rate_window * 1000)
        pipeline = self.cache.pipeline()
        pipeline.set(key, 0, px=window, nx=True)
        pipeline.incr(key)
        pipeline.pttl(key)
        _, used, left = pipeline.execute()
        if used > most:
            raise RefusalError(429, "too many requests", Retry_After=str(max(1, left // 1000)))
