"""Work outside: shifts, canvassing, and finding addresses."""

from __future__ import annotations

import json
import time

from psycopg import errors

from changemaker.app import App
from changemaker.web import Answer, RefusalError, Request, Router, text_field

OUTCOMES = ("contacted", "not_home", "refused", "moved")


def add_routes(router: Router, app: App) -> None:
    """Register shifts, canvassing and geocoding."""
    router.add("GET", "/api/shifts", lambda request: shifts(app, request))
    router.add("POST", "/api/shifts/{id}/signups", lambda request, id: sign_up(app, request, id))
    router.add("POST", "/api/canvass/sessions", lambda request: begin(app, request))
    router.add("DELETE", "/api/canvass/sessions/{id}", lambda request, id: finish(app, request, id))
    router.add("POST", "/api/canvass/visits", lambda request: visit(app, request))
    router.add("GET", "/api/geocode", lambda request: geocode(app, request))


def shifts(app: App, _request: Request) -> Answer:
    """All shifts with the places left."""
    app.require("shifts")
    query = (
        "SELECT s.id, s.title, s.starts_at, s.places - count(g.id) AS places_left"
        " FROM shifts s LEFT JOIN shift_signups g ON g.shift_id = s.id"
        " GROUP BY s.id ORDER BY s.starts_at, s.id"
    )
    return Answer({"shifts": app.database.rows(query)})


def sign_up(app: App, request: Request, id: str) -> Answer:
    """Take a place on a shift; 409 where none is left or the same person has one."""
    app.require("shifts")
    email = text_field(request.json(app.settings.body_limit), "email", longest=320).lower()
    try:
        with app.database.transaction() as connection:
            shift = connection.execute(
                "SELECT id, places FROM shifts WHERE id::text = %s FOR UPDATE", (id,)
            ).fetchone()
            if shift is None:
                raise RefusalError(404, "there is no such shift")
            taken = connection.execute(
                "SELECT count(*) AS n FROM shift_signups WHERE shift_id = %s", (shift["id"],)
            ).fetchone()
            if taken["n"] >= shift["places"]:
                raise RefusalError(409, "the shift is full")
            row = connection.execute(
                "INSERT INTO shift_signups (shift_id, email) VALUES (%s, %s) RETURNING id",
                (shift["id"], email),
            ).fetchone()
    except errors.UniqueViolation:
        raise RefusalError(409, "already signed up") from None
    app.metrics.signups.add()
    return Answer(row, status=201)


def begin(app: App, request: Request) -> Answer:
    """Go out canvassing."""
    app.require("canvass")
    user = app.user(request)
    row = app.database.row(
        "INSERT INTO canvass_sessions (user_id) VALUES (%s) RETURNING id, started_at", (user["id"],)
    )
    return Answer(row, status=201)


def finish(app: App, request: Request, id: str) -> Answer:
    """Come back."""
    app.require("canvass")
    user = app.user(request)
    row = app.database.row(
        "UPDATE canvass_sessions SET ended_at = now()"
        " WHERE id::text = %s AND user_id = %s AND ended_at IS NULL RETURNING id, ended_at",
        (id, user["id"]),
    )
    if row is None:
        raise RefusalError(404, "there is no such open session")
    return Answer(row)


def visit(app: App, request: Request) -> Answer:
    """Report one door."""
    app.require("canvass")
    user = app.user(request)
    body = request.json(app.settings.body_limit)
    if body.get("outcome") not in OUTCOMES:
        raise RefusalError(422, f"outcome: one of {', '.join(OUTCOMES)} is needed")
    row = app.database.row(
        "INSERT INTO canvass_visits (session_id, outcome)"
        " SELECT id, %s FROM canvass_sessions"
        " WHERE id::text = %s AND user_id = %s AND ended_at IS NULL RETURNING id",
        (body["outcome"], str(body.get("session")), user["id"]),
    )
    if row is None:
        raise RefusalError(404, "there is no such open session")
    app.metrics.visits.add(outcome=body["outcome"])
    return Answer(row, status=201)


def geocode(app: App, request: Request) -> Answer:
    """Where an address of the register lies; answers stay in Redis for a while."""
    address = request.query.get("q", "").strip().lower()
    if not address or len(address) > 200:
        raise RefusalError(422, "q: an address of 1 to 200 characters is needed")
    began = time.monotonic()
    key = f"geocode:{address}"
    kept = app.cache.get(key) if app.settings.geocode_cache else None
    if kept:
        app.metrics.geocode_hits.add()
        return Answer({**json.loads(kept), "cached": True})
    app.metrics.geocodes.add(provider="register")
    row = app.database.row(
        "SELECT latitude, longitude FROM addresses WHERE lower(address) = %s", (address,)
    )
    app.metrics.geocode_duration.observe(time.monotonic() - began)
    if row is None:
        raise RefusalError(404, "the register does not know this address")
    if app.settings.geocode_cache:
        app.cache.set(key, json.dumps(row), ex=app.settings.geocode_cache_seconds)
    return Answer({**row, "cached": False})
