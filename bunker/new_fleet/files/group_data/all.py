"""Defaults of every host of every fleet. Weaker than any other group and than the host's file.

Only what differs from Bunker Ops' own defaults stands here, such as:

    base = {"timezone": "Europe/Berlin", "authorized_keys": ["ssh-ed25519 AAAA... you@example"]}
"""
