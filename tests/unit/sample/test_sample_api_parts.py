"""The sample API's pure parts: migrations, metrics, settings, tokens, routes."""

from __future__ import annotations

import importlib
import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from sample.build import HERE

LINE = re.compile(
    r"(?P<name>[a-zA-Z_:][\w:]*)\{(?P<labels>(?:[a-zA-Z_]\w*=\"(?:[^\"\\]|\\.)*\",?)*)\}"
    r" (?P<value>[-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|Inf|NaN))"
)
NOW = datetime(2025, 1, 6, tzinfo=UTC)
ENVIRONMENT = {
    "DOMAIN": "north.example.org",
    "DATABASE_URL": "postgresql://u:p@v2-postgres:5432/d?schema=public&sslmode=disable",
    "REDIS_URL": "redis://:p@redis:6379",
    "JWT_ACCESS_SECRET": "a" * 64,
    "JWT_REFRESH_SECRET": "b" * 64,
}


def api(name: str) -> ModuleType:
    """``changemaker.NAME``: only modules that need no database driver are imported here."""
    folder = str(HERE / "application" / "api")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(f"changemaker.{name}")
    finally:
        sys.path.remove(folder)


def recorded(name: str, checksum: str, *, finished: bool, rolled_back: bool = False):  # type: ignore[no-untyped-def]
    row = api("migrations").Recorded
    return row(name, checksum, NOW, NOW if finished else None, NOW if rolled_back else None)


def test_migrations_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("20250210_b", "20250106_a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "migration.sql").write_text(f"-- {name}\n")
    (tmp_path / "migration_lock.toml").write_text("")
    found = api("migrations").read_folder(tmp_path)
    assert [one.name for one in found] == ["20250106_a", "20250210_b"]
    assert len(found[0].checksum) == 64
    (tmp_path / "20250210_b" / "migration.sql").unlink()
    with pytest.raises(OSError, match="20250210_b"):
        api("migrations").read_folder(tmp_path)


def test_migrations_compare_as_prisma_does() -> None:
    module = api("migrations")
    one, two, three = (module.Migration(name, f"-- {name}") for name in ("1", "2", "3"))
    rows = [
        recorded("1", "edited since", finished=True),
        recorded("2", two.checksum, finished=False),
        recorded("0", "", finished=True),
    ]
    found = module.compare([one, two, three], rows)
    assert [row.name for row in found.failed] == ["2"]
    assert [row.name for row in found.pending] == ["2", "3"]
    assert found.edited == ("1",)
    assert found.unknown == ("0",)
    # Resolved as rolled back: it may run again, and nothing is blocked any more.
    rows[1] = recorded("2", two.checksum, finished=False, rolled_back=True)
    again = module.compare([one, two, three], rows)
    assert again.failed == ()
    assert [row.name for row in again.pending] == ["2", "3"]


def test_metrics_are_in_the_text_format_with_the_contracts_series() -> None:
    metrics = api("metrics").AppMetrics('a "quoted" \\ domain')
    metrics.requests.add(status_code="200")
    metrics.duration.observe(0.02)
    metrics.duration.observe(30)
    types: dict[str, str] = {}
    values: dict[tuple[str, str], float] = {}
    for line in metrics.render().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in types
            types[name] = kind
        elif not line.startswith("# HELP "):
            match = LINE.fullmatch(line)
            assert match, line
            assert 'instance="a \\"quoted\\" \\\\ domain"' in match["labels"]
            key = (match["name"], match["labels"])
            assert key not in values
            values[key] = float(match["value"])
    for name, kind in {
        "http_requests_total": "counter",
        "http_request_duration_seconds": "histogram",
        "cm_canvass_visits_total": "counter",
        "cm_active_canvass_sessions": "gauge",
        "cm_emails_sent_total": "counter",
        "cm_emails_failed_total": "counter",
        "cm_email_queue_size": "gauge",
        "cm_response_submissions_total": "counter",
        "cm_shift_signups_total": "counter",
        "cm_geocode_requests_total": "counter",
        "cm_geocode_cache_hits_total": "counter",
        "cm_geocode_duration_seconds": "histogram",
        "cm_backup_last_success_timestamp": "gauge",
        "cm_backup_size_bytes": "gauge",
    }.items():
        assert types[name] == kind
    buckets = [
        value
        for (name, _), value in values.items()
        if name == "http_request_duration_seconds_bucket"
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 2
    assert buckets[-2] == 1


def test_metrics_refuse_what_makes_no_sense() -> None:
    registry = api("metrics").Registry({})
    counter = registry.counter("a_total", "a", ("kind",))
    with pytest.raises(ValueError, match="labels"):
        counter.add(other="x")
    with pytest.raises(ValueError, match="down"):
        counter.add(-1, kind="x")
    with pytest.raises(ValueError, match="already"):
        registry.gauge("a_total", "a")


def test_settings_name_all_problems_and_no_secret() -> None:
    settings = api("settings")
    wrong = {**ENVIRONMENT, "DOMAIN": "", "REDIS_URL": "", "ENABLE_SMS": "maybe"}
    with pytest.raises(settings.SettingsError) as caught:
        settings.load({**wrong, "JWT_ACCESS_EXPIRY": "soon"})
    for key in ("DOMAIN", "REDIS_URL", "ENABLE_SMS", "JWT_ACCESS_EXPIRY"):
        assert key in str(caught.value)
    assert "aaaa" not in str(caught.value)


def test_settings_understand_units_and_leave_out_prismas_parameters() -> None:
    found = api("settings").load({**ENVIRONMENT, "API_BODY_LIMIT": "2mb", "ENABLE_SMS": "true"})
    assert found.access_seconds == 900
    assert found.refresh_seconds == 7 * 86400
    assert found.body_limit == 2 * 1024**2
    assert found.flags["sms"] is True
    assert found.flags["canvass"] is False
    assert found.database_url == "postgresql://u:p@v2-postgres:5432/d?sslmode=disable"


def test_tokens_end_and_cannot_be_changed() -> None:
    module = api("passwords")
    token = module.make_token("secret", {"sub": 7}, life=60)
    claims = module.read_token("secret", token)
    assert claims is not None
    assert claims["sub"] == 7
    assert module.read_token("other", token) is None
    header, body, signature = token.split(".")
    assert module.read_token("secret", f"{header}.{body[:-2]}xx.{signature}") is None
    assert module.read_token("secret", module.make_token("secret", {}, life=-1)) is None
    for garbage in ("", ".", "a.b.c", "ä.ö.ü"):
        assert module.read_token("secret", garbage) is None


def test_passwords_are_salted_and_compared() -> None:
    module = api("passwords")
    first, second = module.hash_password("river"), module.hash_password("river")
    assert first != second
    assert "river" not in first
    assert module.password_matches("river", first)
    assert not module.password_matches("rivers", first)
    assert not module.password_matches("river", "plain")


def test_routes_tell_the_unknown_from_the_forbidden() -> None:
    web = api("web")
    router = web.Router()
    router.add("GET", "/api/uploads/{id}", lambda request, id: id)
    handler, names = router.find("GET", "/api/uploads/7")
    assert handler(None, **names) == "7"
    for method, path, status in (
        ("GET", "/api/uploads/7/more", 404),
        ("GET", "/api/upload", 404),
        ("DELETE", "/api/uploads/7", 405),
    ):
        with pytest.raises(web.RefusalError) as caught:
            router.find(method, path)
        assert caught.value.status == status


def test_a_body_ends_where_it_was_announced_to_end() -> None:
    body = api("web").Body(io.BytesIO(b"12345678next request"), 8)
    assert body.read(5) == b"12345"
    assert body.read(5) == b"678"
    assert body.read(5) == b""
    short = api("web").Body(io.BytesIO(b"12"), 8)
    assert short.read(5) == b"12"
    short.drain()
    assert short.read(5) == b""


def test_the_seed_needs_an_administrator_before_it_touches_anything() -> None:
    seed = api("seed")
    with pytest.raises(seed.SeedError, match="INITIAL_ADMIN_PASSWORD"):
        seed.run(None, {"INITIAL_ADMIN_EMAIL": "admin@example.org"})
