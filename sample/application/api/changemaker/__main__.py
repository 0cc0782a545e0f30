"""Starts the server: ``python3 -m changemaker``; PART says which one, ``api`` or ``media``."""

from __future__ import annotations

import os
import signal
import sys
import threading

import redis

from changemaker import accounts, campaigns, field, mail, release, uploads
from changemaker.app import App, commit
from changemaker.database import Database
from changemaker.log import log, set_level
from changemaker.metrics import AppMetrics
from changemaker.server import Server
from changemaker.settings import Settings, SettingsError, load
from changemaker.web import Router

PORTS = {"api": 4000, "media": 4100}
REDIS_SECONDS = 3


def main(part: str) -> int:
    """Serve until SIGTERM; 1 for settings that are not usable."""
    try:
        settings = load()
    except SettingsError as error:
        log("error", "the settings are not usable", problems=str(error))
        return 1
    set_level(settings.log_level)
    prepare_uploads(settings)
    if part == "api":
        release.before_start()
    cache = redis.Redis.from_url(
        settings.redis_url,
        decode_responses=True,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        health_check_interval=5,
    )
    database = Database(settings.database_url)
    app = App(settings, database, cache, AppMetrics(settings.domain), commit())
    server = Server(PORTS[part], app, routes(part, app))
    stop = threading.Event()
    worker = threading.Thread(target=mail.work, args=(app, stop), name="mail")
    if part == "api":
        worker.start()

    def end(_number: int, _frame: object) -> None:
        # shutdown() waits for the loop that this handler interrupts: another thread calls it.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    log("info", "serving", part=part, version=release.VERSION, commit=app.commit)
    server.serve_forever(poll_interval=0.2)
    stop.set()
    server.server_close()
    if worker.is_alive():
        worker.join()
    database.close()
    log("info", "ended")
    return 0


def routes(part: str, app: App) -> Router:
    """The API answers everything; the media part only files."""
    router = Router()
    router.add("GET", "/api/health", app.health)
    router.add("GET", "/api/features", app.features)
    router.add("GET", "/metrics", app.show_metrics)
    uploads.add_routes(router, app)
    if part == "api":
        for module in (accounts, campaigns, field):
            module.add_routes(router, app)
    return router


def prepare_uploads(settings: Settings) -> None:
    """Give the folder of uploads to the user that the instance names, and become that user."""
    settings.uploads.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0 and settings.user_id:
        os.chown(settings.uploads, settings.user_id, settings.group_id)
        os.setgroups([])
        os.setgid(settings.group_id)
        os.setuid(settings.user_id)


if __name__ == "__main__":
    sys.exit(main(os.environ.get("PART", "api")))
