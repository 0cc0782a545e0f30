"""Canary secrets go through every command; afterwards every place is searched for them.

A decoy that is put into each place on purpose proves that the search finds what is there.
"""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from bunker.lab.fleet import operator_key
from bunker.masking import MASK, Secret
from bunker.product import CODE as CHECKOUT
from bunker.secrets import change_secrets, read_host_secrets
from bunker.secrets.catalog import default_specs
from tests.lab.code_server import commit_on
from tests.lab.fleet_under_test import FleetUnderTest, Ran
from tests.lab.needles import WATCH, Needles, ProcessWatch, files_since, search_host

pytestmark = pytest.mark.lab

DIRECTORY = "/opt/changemaker-lite"
DECOY = "decoy+put/there=on&purpose"
BY_HAND = "CanaryThatSomebodySetByHandOnTheHost"
# An editor has no value among its arguments, so neither has this: what the lab's hosts run is
# seen among this machine's processes too.
EDIT_BY_HAND = f"""
umask 077
BY_HAND={BY_HAND}
export BY_HAND
awk '/^REDIS_PASSWORD=/ {{ $0 = "REDIS_PASSWORD=" ENVIRON["BY_HAND"] }} {{ print }}' \\
  {DIRECTORY}/.env > /run/watch/edited
cat /run/watch/edited > {DIRECTORY}/.env
rm /run/watch/edited
"""
CRASH = """
import os

VERSION = "2.0.0-telltale"


def before_start() -> None:
    for key, value in sorted(os.environ.items()):
        print(f"telltale {key}={value}", flush=True)
    raise SystemExit(1)


def before_answer(path: str) -> None:
    pass
"""


def canaries() -> dict[str, str]:
    """A recognisable value for each secret of the table, valid for its alphabet and length."""
    values = {}
    for spec in default_specs():
        if not spec.generated:
            # Nobody generated these, so they may hold what encoders write in another way.
            values[spec.key] = f"Canary/{spec.key}+key=100%&{random.getrandbits(64):x}"
        elif spec.alphabet == "hex":
            digits = f"{random.getrandbits(4 * spec.length):0{spec.length}x}"
            values[spec.key] = "cafe" + digits[4:]
        else:
            word = f"Canary-{spec.key}-{random.getrandbits(64):x}"
            values[spec.key] = word.ljust(spec.length, "x")
    return values


@dataclass
class Story:
    """What was run, what it printed, and what ran meanwhile."""

    fleet: FleetUnderTest
    started: float
    secrets: dict[str, str] = field(default_factory=dict)
    printed: list[tuple[str, str]] = field(default_factory=list)
    arguments: set[str] = field(default_factory=set)
    found_on_host: list[tuple[str, str]] = field(default_factory=list)
    failure: Ran | None = None

    @property
    def needles(self) -> Needles:
        return Needles({**self.secrets, "by hand": BY_HAND, "decoy": DECOY})

    def invoke(self, *words: str, expect: int | None = 0) -> Ran:
        ran = self.fleet.invoke(*words, expect=None)
        self.printed.append((f"invoke {' '.join(words)}", ran.text))
        assert expect is None or ran.code == expect, self.redacted(ran.text)
        return ran

    def pyinfra(self, *words: str, ok: bool = True) -> Ran:
        ran = self.fleet.pyinfra("inventories/lab.py", *words)
        self.printed.append((f"pyinfra {' '.join(words)}", ran.text))
        assert (ran.code == 0) == ok, self.redacted(ran.text)
        return ran

    def redacted(self, text: str) -> str:
        """Text for a failing test's message."""
        return text[-4000:]

    def plant_secrets(self, host: str, **more: str) -> None:
        values = canaries() | more
        key = operator_key(self.fleet.root)
        wanted: dict[str, Secret | None] = {name: Secret(value) for name, value in values.items()}
        change_secrets(self.fleet.folder, host, wanted, key_file=key)
        for name, value in read_host_secrets(self.fleet.folder, host, key_file=key).items():
            self.secrets[f"{host}: {name}"] = value.reveal()


def watched(fleet: FleetUnderTest, host: str) -> None:
    fleet.bare(host)
    fleet.on(host, WATCH)


@pytest.fixture(scope="module")
def story(fleet: FleetUnderTest) -> Iterator[Story]:
    """Two bare hosts are deployed, looked at, changed, and broken, each with canary secrets."""
    story = Story(fleet, time.time())
    scratch = Path(tempfile.mkdtemp(prefix="canary-plans-"))
    with ProcessWatch() as processes:
        watched(fleet, "canary")
        story.plant_secrets("canary", GIT_TOKEN="CanaryToken+of/git=100%&")
        here = ("--host", "canary")
        decoys(story, scratch)
        story.invoke("deploy", *here, "--dry", "--verbose", "--debug")
        story.invoke("deploy", *here, "--yes", "--verbose", "--debug")
        fleet.on("canary", EDIT_BY_HAND)
        site = ("deploys/site.py", "--limit", "canary")
        story.pyinfra(*site, "--dry", "--diff", "-vvv")
        story.pyinfra(*site, "--dry", "--diff", "--debug", "-vv")
        story.pyinfra(*site, "--dry", "--json")
        story.pyinfra(*site, "--debug-operations")
        story.pyinfra("debug-inventory", "--json")
        story.invoke("plan", *here, "--out", str(scratch / "a.plan"), "--json", "--debug")
        story.invoke("apply", str(scratch / "a.plan"), "--yes", "--json", "--verbose")
        for words in (
            ("status",),
            ("health", *here),
            ("logs", *here),
            ("env.check", *here),
            ("secrets.show", *here),
            ("secrets.check",),
            ("instance.show", "canary"),
            ("instance.list", "--json"),
        ):
            story.invoke(*words, expect=None)
        story.found_on_host = search_host(fleet, "canary", story.needles)
        # What comes now makes the application itself print its secrets into its own log.
        commit_on(fleet, "telltale", {"api/changemaker/release.py": CRASH})
        original = fleet.original("canary")
        application = {**original["application"], "ref": "telltale", "health_timeout_seconds": 8}
        fleet.configure("canary", {**original, "application": application})
        story.failure = story.invoke("deploy", *here, "--yes", "--verbose", "--debug", expect=4)
        # Everything of the failed run again, as programs read it.
        runs = json.loads(story.invoke("run.list", "--json").stdout)
        story.invoke("run.show", runs[0]["run"], "--json")
        story.pyinfra(*site, "-y", "-vvv", ok=False)
        fleet.remove("canary")
    story.arguments = processes.seen
    yield story


def decoys(story: Story, scratch: Path) -> None:
    """The decoy in every place, in another spelling in each, so that the search is seen to work."""
    encoded = base64.b64encode(f"user:{DECOY}:x".encode()).decode()
    story.printed.append(("decoy", f"... {quote(DECOY, safe='')} ..."))
    (scratch / "decoy").write_text(f"Basic {encoded}\n")
    (story.fleet.root / "decoy").write_text(DECOY)
    wait = "import time; time.sleep(1)"
    subprocess.run([sys.executable, "-c", wait, DECOY], check=True)
    story.fleet.on(
        "canary",
        f"""
        printf '%s' 'token={DECOY}' > /opt/decoy
        printf '%s' '{encoded}' > /var/log/decoy
        logger -t decoy 'password {DECOY}'
        sh -c 'sleep 1; exit' '{DECOY}'
        """,
    )


@pytest.mark.promise("Secrets stay secret")
def test_nothing_that_a_command_prints_holds_a_secret(story: Story) -> None:
    found = set()
    for where, text in story.printed:
        found |= story.needles.within(text, where)
    assert found == {("decoy", "decoy")}
    everything = "\n".join(text for _where, text in story.printed)
    assert everything.count(MASK) > 50


def test_log_lines_of_a_failing_container_are_shown_with_their_secrets_masked(
    story: Story,
) -> None:
    assert story.failure is not None
    assert "telltale JWT_ACCESS_SECRET=" + MASK in story.failure.text
    where, text = story.printed[-1]
    assert where.startswith("pyinfra")
    assert "telltale JWT_ACCESS_SECRET=" + MASK in text


@pytest.mark.promise("Secrets stay secret")
def test_nothing_written_on_the_control_machine_holds_a_secret(story: Story) -> None:
    root = story.fleet.root
    folders = [root, CHECKOUT, Path(tempfile.gettempdir()), Path.home(), Path("/dev/shm")]
    found = set()
    for path in files_since(story.started, folders):
        try:
            text = path.read_bytes().decode(errors="replace")
        except OSError:
            continue  # another program's file, gone meanwhile
        found |= story.needles.within(text, str(path))
    planted = {(name, Path(where).name) for name, where in found if name == "decoy"}
    assert planted == {("decoy", "decoy")}
    # The lab's own keys and token, which it made for its git server.
    own = {str(root / ".lab" / "lab" / name) for name in ("deploy_key", "git-token")}
    rest = {(n, w) for n, w in found if n != "decoy" and w not in own}
    assert rest == set()


@pytest.mark.promise("Secrets stay secret")
def test_no_process_on_the_control_machine_has_a_secret_among_its_arguments(story: Story) -> None:
    found = set()
    for arguments in story.arguments:
        found |= story.needles.within(arguments, arguments[:80])
    assert {name for name, _where in found} == {"decoy"}
    assert any("bunker.worker" in arguments for arguments in story.arguments)


@pytest.mark.promise("Secrets stay secret")
def test_secrets_on_the_host_are_in_private_files_alone(story: Story) -> None:
    decoy = {("file", "644 yes /opt/decoy"), ("file", "644 yes /var/log/decoy")}
    files = {detail for kind, detail in story.found_on_host if kind == "file"}
    assert {detail for _kind, detail in decoy} <= files
    others = [detail for detail in files if not detail.endswith("/decoy")]
    expected = [f"600 no {DIRECTORY}/.env", "600 no /home/deploy/.ssh/changemaker_deploy_key"]
    assert set(expected) <= set(others)
    exposed = [detail for detail in others if " yes " in detail]
    assert exposed == []
    engines = (
        "/var/lib/docker/",
        "/var/lib/containerd/",
        "/run/containerd/",
        "/run/docker/",
        "/var/log/journal/",
    )
    ours = [detail for detail in others if not detail.split(" ", 2)[2].startswith(engines)]
    assert [detail for detail in ours if not detail.startswith(("600 ", "400 "))] == []


def test_no_process_log_or_image_on_the_host_holds_a_secret(story: Story) -> None:
    found = {
        (kind, story.needles.by_spelling.get(detail, detail))
        for kind, detail in story.found_on_host
        if kind != "file"
    }
    assert found == {("arguments", "decoy"), ("journal", "decoy")}
