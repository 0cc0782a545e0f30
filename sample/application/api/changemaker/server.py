"""The HTTP server: one thread a connection, an access log, metrics, and no trace for strangers."""

from __future__ import annotations

import shutil
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import psycopg
import redis

from changemaker import release
from changemaker.app import App
from changemaker.log import log
from changemaker.web import Answer, Body, RefusalError, Request, Router

# Asked by machines every few seconds: not limited, and logged at debug only.
QUIET = ("/api/health", "/metrics")
CORS_METHODS = "GET, POST, DELETE"


class Server(ThreadingHTTPServer):
    """Listens on all of the container's addresses; ends after the requests in progress."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, app: App, router: Router) -> None:
        self.app, self.router = app, router
        super().__init__(("", port), Connection)

    def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        """A visitor who hung up is no fault of ours."""
        log("debug", "connection broke", address=client_address[0])


class Connection(BaseHTTPRequestHandler):
    """One request at a time."""

    server: Server
    timeout = 30
    server_version = "changemaker"
    sys_version = ""

    def _answer(self) -> None:
        began = time.monotonic()
        app = self.server.app
        parts = urlsplit(self.path)
        length = self.headers.get("Content-Length", "0")
        body = Body(self.rfile, int(length) if length.isdigit() else 0)
        try:
            answer = self._route(parts.path, dict(parse_qsl(parts.query)), body)
        except RefusalError as refusal:
            answer = Answer(
                {"error": refusal.message}, status=refusal.status, headers=refusal.headers
            )
        except (psycopg.OperationalError, redis.RedisError) as error:
            failing = "redis" if isinstance(error, redis.RedisError) else "database"
            log("error", "a part is failing", failing=failing, error=type(error).__name__)
            answer = Answer({"error": "unavailable", "failing": [failing]}, status=503)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - one request's fault must not end the others
            log("error", "request failed", path=parts.path, error=repr(error))
            answer = Answer({"error": "internal error"}, status=500)
        try:
            self._send(answer)
            body.drain()
        finally:
            if answer.file:
                answer.file.close()
            took = time.monotonic() - began
            if parts.path not in QUIET:
                app.metrics.requests.add(status_code=str(answer.status))
                app.metrics.duration.observe(took)
            log(
                "debug" if parts.path in QUIET and answer.status == 200 else "info",
                "request",
                method=self.command,
                path=parts.path,
                status=answer.status,
                milliseconds=round(took * 1000, 1),
                address=self._address(),
            )

    do_GET = do_POST = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - named by the base class

    def do_HEAD(self) -> None:
        """As GET, without the body."""
        self._answer()

    def _route(self, path: str, query: dict[str, str], body: Body) -> Answer:
        app = self.server.app
        if self.command == "OPTIONS":
            return Answer(content=b"", status=204)
        method = "GET" if self.command == "HEAD" else self.command
        handler, names = self.server.router.find(method, path)
        request = Request(method, path, query, self.headers, body, self._address())
        if path not in QUIET:
            app.limit(f"requests:{request.address}", app.settings.rate_max)
            release.before_answer(path)
        return handler(request, **names)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)
        self.send_header("X-Content-Type-Options", "nosniff")
        origin = self.headers.get("Origin")
        if origin in self.server.app.settings.origins:
            self.send_header("Access-Control-Allow-Origin", str(origin))
            self.send_header("Access-Control-Allow-Methods", CORS_METHODS)
            self.send_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
            self.send_header("Vary", "Origin")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        body = b"" if answer.file else answer.body()
        if not answer.file:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if answer.file:
            shutil.copyfileobj(answer.file, self.wfile)
        else:
            self.wfile.write(body)

    def _address(self) -> str:
        # Only nginx and the host itself reach this port; nginx says who asked.
        return self.headers.get("X-Real-IP") or str(self.client_address[0])

    def log_message(self, *_: object) -> None:
        """The base class writes lines of its own; ours are structured."""
