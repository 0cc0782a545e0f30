"""Value types: what fits and what does not."""

from __future__ import annotations

import pytest

from bunker.application.value_types import ValueType as T
from bunker.application.value_types import is_valid

GOOD = [
    (T.TEXT, "any $text 'at' \"all\" # ok"),
    (T.IDENTIFIER, "v2-api"),
    (T.INTEGER, "0"),
    (T.BOOLEAN, "true"),
    (T.PORT, "65535"),
    (T.HOST_PORT, "1"),
    (T.URL, "https://api.north.example.org:8443/path?x=1"),
    (T.URL, "postgresql://user:pass@v2-postgres:5432/db"),
    (T.ORIGINS, "https://a.example.org,https://b.example.org"),
    (T.EMAIL, "first.last+tag@north.example.org"),
    (T.DOMAIN, "n8n.north.example.org"),
    (T.HOST_NAME, "mailhog"),
    (T.HOST_NAME, "10.0.0.5"),
    (T.DURATION, "15m"),
    (T.DURATION, "500ms"),
    (T.SIZE, "10MB"),
    (T.PATH, "./media"),
    (T.PATH, "/srv/media"),
    (T.LOG_LEVEL, "debug"),
    (T.NODE_ENVIRONMENT, "production"),
    (T.HEX_32_BYTES, "0aF9" * 16),
]

BAD = [
    (T.TEXT, "two\nlines"),
    (T.TEXT, "bell\a"),
    (T.IDENTIFIER, "9lives"),
    (T.IDENTIFIER, "a b"),
    (T.INTEGER, "-1"),
    (T.INTEGER, "007"),
    (T.INTEGER, "1.5"),
    (T.INTEGER, "٣"),
    (T.BOOLEAN, "yes"),
    (T.BOOLEAN, "True"),
    (T.PORT, "0"),
    (T.PORT, "65536"),
    (T.HOST_PORT, "127.0.0.1:80"),
    (T.URL, "api.north.example.org"),
    (T.URL, "https://"),
    (T.URL, "https://a b.example.org"),
    (T.URL, "https://example.org:99999"),
    (T.ORIGINS, "https://a.example.org, https://b.example.org"),
    (T.ORIGINS, "*"),
    (T.EMAIL, "admin"),
    (T.EMAIL, "Admin <admin@example.org>"),
    (T.DOMAIN, "localhost"),
    (T.DOMAIN, "-x.example.org"),
    (T.HOST_NAME, "smtp.example.org:587"),
    (T.DURATION, "15"),
    (T.DURATION, "0s"),
    (T.SIZE, "10"),
    (T.PATH, "media"),
    (T.LOG_LEVEL, "loud"),
    (T.NODE_ENVIRONMENT, "prod"),
    (T.HEX_32_BYTES, "0" * 63),
    (T.HEX_32_BYTES, "g" * 64),
]


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_fits(kind: T, value: str) -> None:
    assert is_valid(kind, value)


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_does_not_fit(kind: T, value: str) -> None:
    assert not is_valid(kind, value)
