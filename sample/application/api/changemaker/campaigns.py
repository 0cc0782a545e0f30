"""Campaigns, what people answered to them, and the mail that follows."""

from __future__ import annotations

from changemaker import mail
from changemaker.app import App
from changemaker.web import Answer, RefusalError, Request, Router, text_field


def add_routes(router: Router, app: App) -> None:
    """Register campaigns and responses."""

    def listing(_request: Request) -> Answer:
        app.require("influence")
        rows = app.database.rows("SELECT id, title, description FROM campaigns ORDER BY id")
        return Answer({"campaigns": rows})

    def create(request: Request) -> Answer:
        app.require("influence")
        app.user(request, "admin")
        body = request.json(app.settings.body_limit)
        row = app.database.row(
            "INSERT INTO campaigns (title, description) VALUES (%s, %s)"
            " RETURNING id, title, description",
            (text_field(body, "title"), text_field(body, "description")),
        )
        return Answer(row, status=201)

    def respond(request: Request, id: str) -> Answer:
        app.require("influence")
        body = request.json(app.settings.body_limit)
        row = app.database.row(
            "INSERT INTO campaign_responses (campaign_id, name, message)"
            " SELECT id, %s, %s FROM campaigns WHERE id::text = %s RETURNING id",
            (text_field(body, "name"), text_field(body, "message"), id),
        )
        if row is None:
            raise RefusalError(404, "there is no such campaign")
        app.metrics.responses.add()
        mail.queue(app, "A new response", f"Campaign {id} has a new response.")
        return Answer(row, status=201)

    router.add("GET", "/api/campaigns", listing)
    router.add("POST", "/api/campaigns", create)
    router.add("POST", "/api/campaigns/{id}/responses", respond)
