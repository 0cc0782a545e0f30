"""Logging in: 401 for a wrong password, 403 for a closed account, 429 for too many failures."""

from __future__ import annotations

from changemaker.app import App
from changemaker.log import log
from changemaker.passwords import hash_password, make_token, password_matches, read_token
from changemaker.web import Answer, RefusalError, Request, Router, text_field

# Failed logins that one address may make in a window.
FAILED_LOGINS = 10
# Compared with when the account is unknown, so that both cases take the same time.
_NOBODY = hash_password("nobody")


def add_routes(router: Router, app: App) -> None:
    """Register login, refresh and who-am-I."""
    settings = app.settings

    def login(request: Request) -> Answer:
        body = request.json(settings.body_limit)
        email = text_field(body, "email", longest=320).lower()
        password = text_field(body, "password", longest=1000)
        failures = f"limit:login:{request.address}"
        if int(app.cache.get(failures) or 0) >= FAILED_LOGINS:
            wait = max(1, app.cache.pttl(failures) // 1000)
            raise RefusalError(429, "too many failed logins", Retry_After=str(wait))
        found = app.database.row(
            "SELECT id, email, role, active, password_hash FROM users WHERE email = %s", (email,)
        )
        matches = password_matches(password, found["password_hash"] if found else _NOBODY)
        if not found or not matches:
            pipeline = app.cache.pipeline()
            pipeline.set(failures, 0, px=int(settings.rate_window * 1000), nx=True)
            pipeline.incr(failures)
            pipeline.execute()
            log("warn", "login failed", address=request.address)
            raise RefusalError(401, "e-mail or password is wrong")
        if not found["active"]:
            raise RefusalError(403, "the account is closed")
        log("info", "login", user=found["id"], address=request.address)
        return Answer(_tokens(found["id"], found))

    def refresh(request: Request) -> Answer:
        body = request.json(settings.body_limit)
        token = text_field(body, "refreshToken", longest=4000)
        claims = read_token(settings.refresh_secret, token)
        found = claims and app.database.row(
            "SELECT id, email, role FROM users WHERE id = %s AND active", (claims["sub"],)
        )
        if not found:
            raise RefusalError(401, "the token is not valid")
        return Answer(_tokens(found["id"], found))

    def me(request: Request) -> Answer:
        return Answer(app.user(request))

    def _tokens(user: int, found: dict[str, object]) -> dict[str, object]:
        claims: dict[str, object] = {"sub": user}
        return {
            "user": {name: found[name] for name in ("id", "email", "role")},
            "accessToken": make_token(settings.access_secret, claims, life=settings.access_seconds),
            "refreshToken": make_token(
                settings.refresh_secret, claims, life=settings.refresh_seconds
            ),
        }

    router.add("POST", "/api/auth/login", login)
    router.add("POST", "/api/auth/refresh", refresh)
    router.add("GET", "/api/auth/me", me)
