"""Stand-ins for Gotify, Slack and Rocket.Chat, named so: they answer as those servers do.

Each is a real HTTP server on this machine that records what it received.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], str]


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class StandIn:
    """``answers`` are given first, one for each request; then the server behaves normally."""

    answers: list[Reply] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    held: bool = False
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def texts(self) -> list[str]:
        return [item.body.get("text") or item.body.get("message", "") for item in self.received]

    def reply(self, request: Received) -> Reply:
        raise NotImplementedError

    def __enter__(self) -> StandIn:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                request = Received(self.path, dict(self.headers), json.loads(content))
                stand_in.received.append(request)
                if stand_in.held:
                    stand_in.hold.wait(30)
                scripted = stand_in.answers.pop(0) if stand_in.answers else None
                status, headers, text = scripted or stand_in.reply(request)
                body = text.encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_words: Any) -> None:
                """A client that hangs up is part of some tests."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()


JSON = {"Content-Type": "application/json"}


@dataclass
class GotifyStandIn(StandIn):
    """`POST /message` with an application's token in X-Gotify-Key, as Gotify 3 has it."""

    token: str = "canary-gotify-token"
    client_token: str = "C-only-reads"

    def reply(self, request: Received) -> Reply:
        key = request.headers.get("X-Gotify-Key", "")
        if request.path != "/message":
            return self._error(404, "Not Found", "page not found")
        if key == self.client_token:
            return self._error(403, "Forbidden", "you are not allowed to access this api")
        if key != self.token:
            said = "you need to provide a valid access token or user credentials"
            return self._error(401, "Unauthorized", f"{said}, not {key}")
        if not request.body.get("message"):
            return self._error(400, "Bad Request", "Field 'message' is required")
        kept = {"id": len(self.received), "appid": 5, "date": "2026-01-01T00:00:00Z"}
        return 200, JSON, json.dumps({**kept, **request.body})

    def _error(self, code: int, error: str, text: str) -> Reply:
        answer = {"error": error, "errorCode": code, "errorDescription": text}
        return code, JSON, json.dumps(answer)


@dataclass
class SlackStandIn(StandIn):
    """An incoming webhook: `ok` as plain text, and plain text for what is wrong."""

    path: str = "/services/T000/B000/canaryslackwebhook"

    def reply(self, request: Received) -> Reply:
        if request.path != self.path:
            return 404, {}, f"no_service at {request.path}"
        return (200, {}, "ok") if request.body.get("text") else (400, {}, "no_text")


@dataclass
class RocketChatStandIn(StandIn):
    """An incoming webhook: JSON with `success`."""

    path: str = "/hooks/6523/canaryrocketwebhook"

    def reply(self, request: Received) -> Reply:
        if request.path != self.path:
            said = {"success": False, "error": f"Invalid integration id or token {request.path}"}
            return 400, JSON, json.dumps(said)
        if len(request.body["text"]) > 5000:
            return 400, JSON, '{"success":false,"error":"error-message-size-exceeded"}'
        return 200, JSON, '{"success":true}'
