"""One owner for each outside thing, where an import says nothing about it: who starts programs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
CALLS = {"run", "Popen", "call", "check_call", "check_output"}
STARTERS = {
    "bunker/git.py": "git",
    "bunker/openssh.py": "ssh, ssh-keygen, ssh-keyscan, ssh-agent",
    "bunker/secrets/sops.py": "sops",
    "bunker/secrets/memory_text.py": "the operator's editor",
    "bunker/terminal/pager.py": "the operator's pager",
    "bunker/worker/client.py": "the worker",
    "bunker/runs/detached.py": "a run that goes on by itself",
    "bunker/cli/hosts.py": "ssh in our place (exec)",
}
"""What each of these may start. The lab, which makes machines, is not among them."""


def calls(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name):
                yield owner.id, node.func.attr


def starts_a_program(path: Path) -> bool:
    return any(
        (owner == "subprocess" and name in CALLS)
        or (owner == "os" and name.startswith(("exec", "spawn", "posix_spawn", "system", "popen")))
        for owner, name in calls(ast.parse(path.read_text()))
    )


def test_each_program_is_started_by_its_owner_alone():
    files = [*(ROOT / "bunker").rglob("*.py"), *(ROOT / "deploys").rglob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in files if starts_a_program(path)}
    assert {path for path in found if not path.startswith("bunker/lab/")} == set(STARTERS)


def test_files_are_put_in_place_by_one_module():
    moves = {("os", "replace"), ("os", "rename"), ("os", "link")}
    for path in (ROOT / "bunker").rglob("*.py"):
        if path != ROOT / "bunker" / "files.py":
            assert not moves & set(calls(ast.parse(path.read_text()))), path
