"""No module needs one that needs it, imports inside of functions included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[3]


def imports(node: ast.AST) -> Iterator[str]:
    """What a module imports when it runs, by full name; TYPE_CHECKING is no running."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from imports(child)


def graph() -> dict[str, set[str]]:
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for folder in ("bunker", "deploys")
        for path in (ROOT / folder).rglob("*.py")
    }

    def module_of(name: str) -> str:
        while name and name not in files:
            name = name.rpartition(".")[0]
        return name

    return {
        name: {module_of(found) for found in imports(ast.parse(path.read_text()))} - {"", name}
        for name, path in files.items()
    }


def test_no_module_imports_one_that_imports_it():
    needed = graph()
    assert "bunker.errors" in needed["bunker.files"]
    try:
        TopologicalSorter(needed).prepare()
    except CycleError as error:
        raise AssertionError(" needs ".join(reversed(error.args[1]))) from None
