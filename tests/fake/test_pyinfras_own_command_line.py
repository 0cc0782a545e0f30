"""Through pyinfra's own command line a host whose answer cannot be read fails alone."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fake.bare_host import RESPONSES

REPOSITORY = Path(__file__).resolve().parents[2]
INVENTORY = """
import json
from pathlib import Path

everyone = [(f"@fake/{name}", data) for name, data in json.loads(Path("hosts.json").read_text())]
"""
SYSTEM, COMPONENTS = "dpkg-query", "'@@bunker applied'"
GARBAGE = {SYSTEM: ["@@bunker os", "garbage"]}
UNREADABLE = {COMPONENTS: ["@@bunker files", "garbage", "@@bunker end"]}
SILENT = {COMPONENTS: []}
OTHER = ["@@bunker files", f"{'0' * 64} 644 root - /etc/issue", *RESPONSES[COMPONENTS][1:]]
UNREADABLE_CONTENT = {COMPONENTS: OTHER, "base64 <": ["garbage"]}
NO_CONTENT = {COMPONENTS: OTHER, "base64 <": {"success": False}}


def deploy(root: Path, **answers: dict[str, Any]) -> tuple[int, list[str]]:
    """`pyinfra deploys/site.py` over hosts of base alone, which answer what is given by name."""
    hosts = []
    for number, (name, changed) in enumerate(answers.items(), start=1):
        host = {"address": f"192.0.2.{number}", "domain": f"{name}.example.org"}
        fake = {"fake_delay": 0, "fake_delay_jitter": 0, "fake_responses": {**RESPONSES, **changed}}
        hosts.append((name, {**host, **fake, "_sudo": True}))
    (root / "hosts.json").write_text(json.dumps(hosts))
    (root / "hosts.py").write_text(INVENTORY)
    (root / "deploys").symlink_to(REPOSITORY / "deploys")
    done = subprocess.run(
        [sys.executable, "-m", "pyinfra", "hosts.py", "deploys/site.py", "-y"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    return done.returncode, [" ".join(line.split()) for line in plain.splitlines()]


@pytest.mark.promise("A server that fails does not stop the others")
@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (GARBAGE, "its answer about its operating system cannot be read"),
        (UNREADABLE, "its answer about its files and checks cannot be read"),
        (SILENT, "the host did not answer: its files and checks"),
        (UNREADABLE_CONTENT, "its answer about the content of its files cannot be read"),
        (NO_CONTENT, "the host did not answer: content of files that differ"),
    ],
)
def test_a_host_that_answers_garbage_fails_and_the_others_are_deployed(
    tmp_path: Path, answer: dict[str, Any], sentence: str
) -> None:
    code, lines = deploy(tmp_path, north={}, broken=answer, south={})
    assert code == 1
    (said,) = [line for line in lines if sentence in line]
    assert said.startswith("[@fake/broken]")
    assert not [line for line in lines if "broken]" in line and line.endswith("Success")]
    for name in ("north", "south"):
        assert lines.count(f"[@fake/{name}] Success") > 5
    assert "Traceback (most recent call last):" not in lines


def test_where_every_host_answers_garbage_each_is_told_and_nothing_is_deployed(
    tmp_path: Path,
) -> None:
    code, lines = deploy(tmp_path, north=GARBAGE, south=UNREADABLE)
    assert code == 1
    for name in ("north", "south"):
        assert len([line for line in lines if f"{name}: its answer about" in line]) == 1
    assert any("No hosts remaining!" in line for line in lines)
    assert not [line for line in lines if line.endswith("Success")]
