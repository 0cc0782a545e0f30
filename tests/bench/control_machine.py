"""Figures that need no host: the front door, the inventory, the vaults, planning fake fleets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bunker.fleet import load_fleet
from bunker.secrets import create_host_secrets, decrypt_hosts, init
from bunker.worker.client import WorkerClient
from tests.bench.measure import Figure, measure, ratio
from tests.fake.bare_host import fake_host, fake_request
from tests.json_events import everything

ROOT = Path(__file__).parents[2]
LATENCY_SECONDS = 0.05


def figures(folder: Path) -> list[Figure]:
    """All figures of the control machine."""
    bare = measure("python -c pass", lambda: _run(sys.executable, "-c", "pass"))
    listing = measure("invoke --list", lambda: _run(sys.executable, "-m", "invoke", "--list"))
    loading = ratio(_loading(folder), bare)
    pressed = (sys.executable, "-m", "bunker", "complete", "--", "deploy", "--host", "")
    press = measure("a key press that completes hosts", lambda: _run(*pressed))
    return [
        bare,
        ratio(listing, bare),
        ratio(press, bare),
        loading,
        _decrypting(folder),
        *_planning(),
    ]


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def _loading(folder: Path) -> Figure:
    fleet = folder / "inventories" / "big"
    fleet.mkdir(parents=True)
    for number in range(500):
        text = (
            f"host: host-{number:03d}\naddress: 10.9.{number // 250}.{number % 250 + 1}\n"
            f"domain: host-{number:03d}.example.org\ntier: 1\ngroups: [changemaker]\n"
            "features: {media: true}\n"
        )
        (fleet / f"host-{number:03d}.yml").write_text(text)
        (fleet / f"host-{number:03d}.sops.yml").write_text("sops: {}\n")
    (folder / "inventories" / "big.py").write_text("")
    return measure("load and validate 500 host files", lambda: load_fleet(folder, "big"))


def _decrypting(folder: Path) -> Figure:
    key = folder / "keys" / "operator.age"
    os.environ["BUNKER_AGE_KEY_FILE"] = str(key)
    fleet = folder / "vaults"
    init(fleet)
    names = [f"host-{number}" for number in range(50)]
    for name in names:
        create_host_secrets(fleet, name)
    return measure("decrypt 50 hosts", lambda: decrypt_hosts(fleet, names), runs=3)


def _planning() -> list[Figure]:
    found = []
    for count in (1, 50, 200):
        hosts = [fake_host(number) for number in range(count)]
        message = fake_request(hosts, LATENCY_SECONDS)

        def plan(message: dict[str, object] = message) -> None:
            with WorkerClient(message, ROOT) as worker:
                everything(worker.events(until="ready"))

        what = f"plan {count} fake host{'s' * (count > 1)} at 50 ms"
        found.append(measure(what, plan, runs=3))
    return [found[0], *(ratio(figure, found[0]) for figure in found[1:])]
