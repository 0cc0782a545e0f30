"""Campaigns; responses are gone with this release."""

from __future__ import annotations

from changemaker.app import App
from changemaker.web import Answer, Request, Router, text_field


def add_routes(router: Router, app: App) -> None:
    """Register campaigns."""

    def listing(_request: Request) -> Answer:
        app.require("influence")
        rows = app.database.rows("SELECT id, title, tagline FROM campaigns ORDER BY id")
        return Answer({"campaigns": rows})

    def create(request: Request) -> Answer:
        app.require("influence")
        app.user(request, "admin")
        body = request.json(app.settings.body_limit)
        row = app.database.row(
            "INSERT INTO campaigns (title, tagline) VALUES (%s, %s) RETURNING id, title, tagline",
            (
                text_field(body, "title"),
                str(body.get("tagline", ""))[:200],
            ),
        )
        return Answer(row, status=201)

    router.add("GET", "/api/campaigns", listing)
    router.add("POST", "/api/campaigns", create)
