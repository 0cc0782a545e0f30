"""What the engine refuses, or does not say, as an operator reads it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

from bunker.errors import BunkerError
from bunker.lab import daemon, engine
from bunker.lab.engine import HEADER, AbsentError, Engine, EngineError, follow, seen

ANSWERS = {
    "/version": (200, {"ApiVersion": "1.41"}),
    "/v1.41/networks/gone": (404, {"message": "network gone not found"}),
    "/v1.41/networks/kept": (409, {"message": "network kept\nhas active endpoints"}),
    "/v1.41/networks/there": (200, {"Id": "1"}),
    "/v1.41/networks/odd": (500, ["no", "message"]),
    "/v1.41/info": (200, {"CgroupVersion": "2"}),
    "/v1.41/exec/quick/json": (200, {"Running": False, "ExitCode": 3}),
}
PIECES = [(1, b"first "), (2, b"a warning\n"), (1, b"and last\n")]


class Handler(BaseHTTPRequestHandler):
    """An engine that gives the answers of the table, and none to anything else."""

    silent = threading.Event()

    def address_string(self) -> str:
        return "local"

    def log_message(self, *_given: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if self.path not in ANSWERS:
            self.silent.wait(5)
            return
        status, data = ANSWERS[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(data).encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"Id": "quick"}'
        if self.path == "/v1.41/exec/quick/start":
            body = b"".join(HEADER.pack(kind, len(text)) + text for kind, text in PIECES)
        # One packet, as an engine sends it whose command has ended already.
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + body)


@pytest.fixture
def socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "docker.sock"
    Handler.silent.clear()
    server = ThreadingUnixStreamServer(str(path), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    yield path
    Handler.silent.set()
    server.shutdown()
    server.server_close()


def test_an_absent_thing_is_told_apart_from_a_refusal(socket: Path) -> None:
    there = Engine()
    assert seen(there.inspect_network, "there") == {"Id": "1"}
    assert seen(there.inspect_network, "gone") is None
    with pytest.raises(AbsentError, match="refused: network gone not found"):
        there.inspect_network("gone")
    with pytest.raises(EngineError, match=r"network kept / has active endpoints\.$"):
        seen(there.inspect_network, "kept")
    with pytest.raises(EngineError, match="the Docker engine refused"):
        there.inspect_network("odd")
    assert there.cgroup_version == 2


def test_an_engine_that_says_nothing_is_named_with_the_time(socket: Path) -> None:
    there = Engine()
    there.timeout = 1
    with pytest.raises(EngineError, match=r"no answer within 1 s.*Look at the engine's log"):
        there.volumes()


def test_an_engine_that_went_away_is_one_sentence(socket: Path) -> None:
    there = Engine()
    socket.unlink()
    with pytest.raises(EngineError, match="the Docker engine cannot be reached"):
        there.inspect_network("there")
    assert there.attempt("north", "true").returncode == 125


def test_what_a_quick_command_prints_is_there_with_its_streams_apart(socket: Path) -> None:
    done = Engine().attempt("north", "true")
    assert (done.returncode, done.stdout, done.stderr) == (3, "first and last\n", "a warning\n")


def test_an_error_within_a_long_answer_ends_with_what_was_said_before() -> None:
    events = [{"stream": "Step 1\n"}, {"status": "Pulling"}, {"error": "exit code: 1"}]
    with pytest.raises(EngineError, match=r"building git failed: Step 1 / exit code: 1\.$"):
        follow("building git", events)
    follow("building git", events[:2])


def test_without_an_engine_the_remedy_is_root_or_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setattr(daemon, "is_root", lambda: False)
    monkeypatch.setattr(daemon.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(BunkerError, match=r"no Docker engine answers.*join the group docker"):
        daemon.running_engine()
    monkeypatch.setattr(daemon.shutil, "which", lambda _name: None)
    with pytest.raises(BunkerError, match=r"not installed.*apt install docker\.io"):
        daemon.running_engine()
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    with pytest.raises(BunkerError, match=r"engine at tcp://127.0.0.1:9 does not answer"):
        daemon.running_engine()


def test_a_silent_engine_counts_as_none_after_a_while(
    socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ANSWERS, "/version")
    monkeypatch.setattr(engine, "PROBE_SECONDS", 1)
    with pytest.raises(EngineError, match=r"no Docker engine answers.*within 1 s"):
        Engine()
