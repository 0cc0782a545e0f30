"""The front door as a process: what it loads, lists and answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.front_door import environment

ROOT = Path(__file__).resolve().parents[3]
HEAVY = (
    "pyinfra",
    "dbos",
    "sqlalchemy",
    "pydantic",
    "rich",
    "httpx",
    "ruamel",
    "gevent",
    "paramiko",
    "jinja2",
    "pglast",
    "docker",
    "requests",
)
HOST = (
    "host: {name}\naddress: {address}\ndomain: {name}.example.org\ntier: 1\n"
    "groups: [changemaker]\n{more}"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A fleet of two hosts that nothing answers for."""
    folder = tmp_path / "inventories" / "production"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "inventories" / "production.py", tmp_path / "inventories")
    for number, name in enumerate(("north", "south"), start=1):
        text = HOST.format(name=name, address=f"127.0.0.{number}", more="port: 9\n")
        (folder / f"{name}.yml").write_text(text)
    return tmp_path


def invoke(*words: str, root: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "invoke", *words],
        cwd=ROOT,
        env=environment(root),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_front_door_loads_nothing_heavy() -> None:
    script = f"import sys; import tasks; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_task_is_listed_and_explains_itself() -> None:
    script = (
        "import json, tasks; names = tasks.namespace.task_names; "
        "print(json.dumps({n: tasks.namespace[n].__doc__ for n in names}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    documents = json.loads(done.stdout)
    assert set(documents) == {
        *(
            "preflight",
            "deploy",
            "plan",
            "apply",
            "status",
            "health",
            "logs",
            "ssh",
            "history",
            "diff",
        ),
        *(f"lab.{name}" for name in ("up", "status", "ssh", "down")),
        *(f"instance.{name}" for name in ("add", "list", "show", "trust", "remove")),
        *(
            f"secrets.{name}"
            for name in ("init", "generate", "show", "set", "edit", "restore", "rekey", "check")
        ),
        *(f"secrets.recipient.{name}" for name in ("add", "remove", "list")),
        "secrets.key.new",
        "schema.resolve",
        *("configure", "upgrade", "canary", "rollout", "rollback", "os-upgrade", "reboot"),
        *(f"run.{name}" for name in ("list", "show", "watch", "resume", "cancel", "retry-failed")),
        "env.check",
        "fleet.init",
        "fleet.schema",
        "schema.check",
        "approve",
        "version",
        "completion",
        *(f"maintenance.{name}" for name in ("on", "off", "list")),
        *(f"notify.{name}" for name in ("test", "secret")),
        *(f"audit.{name}" for name in ("show", "verify")),
    }
    for name, document in documents.items():
        first, empty, *_rest = document.splitlines()
        assert len(first) <= 60, name
        assert not empty.strip(), name
        assert f"invoke {name}" in document, f"{name} shows no example"


def test_status_of_unreachable_hosts(root: Path) -> None:
    done = invoke("status", "--exit-status", root=root)
    assert done.returncode == 3, done.stderr
    assert "north  unreachable" in done.stdout
    assert done.stdout.endswith("production: 2 hosts: 2 unreachable\n")
    told = json.loads(invoke("status", "--json", root=root).stdout)
    assert [host["state"] for host in told["hosts"]] == ["unreachable", "unreachable"]


def test_a_preflight_of_unreachable_hosts(root: Path) -> None:
    done = invoke("preflight", "--host", "north", root=root)
    assert done.returncode == 3, done.stderr
    assert "north: not reached" in done.stdout
    assert "0 of 1 host ready" in done.stdout
    (told,) = json.loads(invoke("preflight", "--host", "north", "--json", root=root).stdout)[
        "hosts"
    ]
    assert told["ready"] is False
    assert {"problem", "where", "expected", "remedy"} == told["problems"][0].keys()


def test_a_typo_names_near_misses_without_a_traceback(root: Path) -> None:
    done = invoke("health", "--host", "nort", root=root)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no host 'nort'" in done.stderr
    assert "north" in done.stderr.split("'nort'")[1]
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_nothing_is_removed_without_a_confirmation(root: Path) -> None:
    done = invoke("instance.remove", "north", root=root)
    assert done.returncode == 1
    assert "--yes" in done.stderr
    assert (root / "inventories/production/north.yml").exists()


def test_a_secrets_value_is_never_an_argument(root: Path) -> None:
    done = invoke("secrets.set", "--host", "north", "--value", "x", root=root)
    assert done.returncode == 1
    assert "--value" in done.stderr


def test_a_reader_that_leaves_early_is_no_fault(root: Path) -> None:
    command = f"{sys.executable} -m invoke instance.show north | head -n 1"
    environment = {"PATH": os.environ["PATH"], "BUNKER_ROOT": str(root)}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("KEY")
    assert done.stderr == ""
