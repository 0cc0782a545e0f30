"""Settings from the environment, all checked at once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SIZES = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
FLAGS = {
    "canvass": "ENABLE_CANVASS",
    "influence": "ENABLE_INFLUENCE",
    "shifts": "ENABLE_SHIFTS",
    "payments": "ENABLE_PAYMENTS",
    "sms": "ENABLE_SMS",
    "media": "ENABLE_MEDIA_FEATURES",
}


class SettingsError(Exception):
    """One or more settings are missing or wrong; names keys, never a secret's value."""


def seconds(text: str) -> int:
    """``15m`` as seconds."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match:
        raise ValueError("expected a duration such as 15m")
    return int(match[1]) * UNITS[match[2]]


def size(text: str) -> int:
    """``10mb`` as bytes."""
    match = re.fullmatch(r"(\d+)([a-z]*)", text.lower())
    if not match or match[2] not in SIZES:
        raise ValueError("expected a size such as 10mb")
    return int(match[1]) * SIZES[match[2]]


def truth(text: str) -> bool:
    """``true`` or ``false``."""
    if text not in ("true", "false"):
        raise ValueError("expected true or false")
    return text == "true"


def database_url(text: str) -> str:
    """The address without Prisma's own parameters, which the driver does not know."""
    parts = urlsplit(text)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError("expected postgresql://")
    query = [(key, value) for key, value in parse_qsl(parts.query) if key == "sslmode"]
    return urlunsplit(parts._replace(query=urlencode(query)))


@dataclass(frozen=True)
class Settings:
    """Everything that the API reads. Durations are seconds, sizes bytes."""

    domain: str
    log_level: str
    database_url: str
    redis_url: str
    access_secret: str
    refresh_secret: str
    access_seconds: int
    refresh_seconds: int
    body_limit: int
    upload_limit: int
    origins: tuple[str, ...]
    rate_window: float
    rate_max: int
    uploads: Path
    user_id: int
    group_id: int
    smtp_host: str
    smtp_port: int
    smtp_secure: bool
    smtp_user: str
    smtp_password: str
    smtp_from: str
    mail_test: bool
    mail_test_recipient: str
    geocode_cache: bool
    geocode_cache_seconds: int
    flags: Mapping[str, bool]


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check; raises :class:`SettingsError` naming every key that is not usable."""
    problems: list[str] = []

    def get(key, parse=str, default=None):  # type: ignore[no-untyped-def]
        text = environment.get(key, "")
        if not text and default is not None:
            text = default
        if not text and default is None:
            problems.append(f"{key} is missing")
            return None
        try:
            return parse(text)
        except ValueError as error:
            problems.append(f"{key}: {error}")
            return None

    settings = Settings(
        domain=get("DOMAIN"),
        log_level=get("LOG_LEVEL", str.lower, "info"),
        database_url=get("DATABASE_URL", database_url),
        redis_url=get("REDIS_URL"),
        access_secret=get("JWT_ACCESS_SECRET"),
        refresh_secret=get("JWT_REFRESH_SECRET"),
        access_seconds=get("JWT_ACCESS_EXPIRY", seconds, "15m"),
        refresh_seconds=get("JWT_REFRESH_EXPIRY", seconds, "7d"),
        body_limit=get("API_BODY_LIMIT", size, "10mb"),
        upload_limit=get("MAX_UPLOAD_SIZE_GB", lambda text: int(text) * 1024**3, "10"),
        origins=tuple(filter(None, environment.get("CORS_ORIGINS", "").split(","))),
        rate_window=get("RATE_LIMIT_WINDOW_MS", lambda text: int(text) / 1000, "900000"),
        rate_max=get("RATE_LIMIT_MAX", int, "500"),
        uploads=Path(environment.get("UPLOADS_FOLDER", "/media/uploads")),
        user_id=get("USER_ID", int, "1000"),
        group_id=get("GROUP_ID", int, "1000"),
        smtp_host=get("SMTP_HOST", str, "mailhog"),
        smtp_port=get("SMTP_PORT", int, "1025"),
        smtp_secure=get("SMTP_SECURE", truth, "false"),
        smtp_user=environment.get("SMTP_USER", ""),
        smtp_password=environment.get("SMTP_PASS", ""),
        smtp_from=get("SMTP_FROM", str, "noreply@localhost"),
        mail_test=get("EMAIL_TEST_MODE", truth, "true"),
        mail_test_recipient=environment.get("TEST_EMAIL_RECIPIENT", ""),
        geocode_cache=get("GEOCODING_CACHE_ENABLED", truth, "true"),
        geocode_cache_seconds=get("GEOCODING_CACHE_TTL_HOURS", lambda text: int(text) * 3600, "24"),
        flags={name: get(key, truth, "false") for name, key in FLAGS.items()},
    )
    if problems:
        raise SettingsError("; ".join(problems))
    return settings
