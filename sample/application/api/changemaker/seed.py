"""What a fresh instance begins with, in one transaction: all of it or nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from changemaker.passwords import hash_password

CAMPAIGNS = (
    ("Safe crossings", "Ask the council for crossings at all schools."),
    ("Open the library on Sundays", "Two hundred signatures until spring."),
)
SHIFTS = (("Saturday canvass", 7, 12), ("Phone bank", 9, 6))
ADDRESSES = (
    ("1 Main Street", 53.5461, -113.4938),
    ("2 Main Street", 53.5462, -113.4939),
    ("10 Station Road", 53.5501, -113.5011),
)


class SeedError(Exception):
    """The seed cannot run; the database is as before."""


def run(connection: Any, environment: Mapping[str, str] = os.environ) -> str:
    """Fill the database; does nothing where there are users. Returns what was done."""
    email = environment.get("INITIAL_ADMIN_EMAIL", "").strip().lower()
    password = environment.get("INITIAL_ADMIN_PASSWORD", "")
    if not email or not password:
        raise SeedError("INITIAL_ADMIN_EMAIL and INITIAL_ADMIN_PASSWORD are needed")
    with connection.transaction():
        connection.execute("LOCK TABLE users IN EXCLUSIVE MODE")
        if connection.execute("SELECT 1 FROM users LIMIT 1").fetchone():
            return "The database has users already; nothing was seeded."
        connection.execute(
            "INSERT INTO users (email, password_hash, role) VALUES (%s, %s, 'admin')",
            (email, hash_password(password)),
        )
        for campaign in CAMPAIGNS:
            connection.execute(
                "INSERT INTO campaigns (title, description) VALUES (%s, %s)", campaign
            )
        for shift in SHIFTS:
            connection.execute(
                "INSERT INTO shifts (title, starts_at, places)"
                " VALUES (%s, date_trunc('day', now()) + make_interval(days => %s), %s)",
                shift,
            )
        for address in ADDRESSES:
            connection.execute(
                "INSERT INTO addresses (address, latitude, longitude) VALUES (%s, %s, %s)", address
            )
    return "The seed command has been executed."
