"""Structured logs on standard output: one JSON object a line. Callers pass no secrets."""

from __future__ import annotations

import datetime
import json
import sys
import threading

LEVELS = {"debug": 10, "info": 20, "warn": 30, "warning": 30, "error": 40}
_lock = threading.Lock()
_threshold = [LEVELS["info"]]


def set_level(name: str) -> None:
    """Leave out what is below this level; an unknown name means info."""
    _threshold[0] = LEVELS.get(name, LEVELS["info"])


def log(level: str, message: str, **fields: object) -> None:
    """Write one entry."""
    if LEVELS[level] < _threshold[0]:
        return
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"time": now, "level": level, "message": message, **fields}, default=str)
    with _lock:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
