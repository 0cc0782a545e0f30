"""Reading the project's Markdown: the pages, their commands, links and code."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# Inline code may be broken over two lines.
INLINE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    """Every Markdown page that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return sorted(path for name in set(listed.split("\0")) - {""} if (path := ROOT / name).exists())


def code_blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return [body for _indent, name, body in FENCE.findall(text) if name == language]


def commands(text: str) -> Iterator[list[str]]:
    """Every `invoke …` that a page names, as words: in fences, indented blocks and inline code."""
    without_fences = FENCE.sub("", text)
    lines = [line for _indent, _name, body in FENCE.findall(text) for line in body.splitlines()]
    lines += re.findall(r"^ {4,}(.*)$", without_fences, re.MULTILINE)
    lines += [code.replace("\n", " ") for code in INLINE.findall(without_fences)]
    for line in lines:
        if found := re.match(r"(?:[^#`]*(?:try|with): |\$ )?(invoke [^<>|;#…)]+)", line.strip()):
            yield shlex.split(found[1])


TASK = r"([a-z][a-z-]*(?:\.[a-z-]+)?)(?![\w{-]|\.[\w{])"
"""The name of a task that is named whole."""


def commands_in_code(code: str) -> Iterator[str]:
    """Every task that a string of Python code names whole behind `invoke`."""
    for text in _texts(code):
        yield from re.findall(rf"\binvoke {TASK}", text)


def _texts(code: str) -> Iterator[str]:
    """Every string of Python code; what is filled in is a brace."""
    nodes = list(ast.walk(ast.parse(code)))
    fragments = {
        id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in nodes:
        if id(node) not in fragments:
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts = (part.value if isinstance(part, ast.Constant) else "{" for part in parts)
            yield "".join(text for text in texts if isinstance(text, str))


def command_lines_in_code(code: str) -> Iterator[str]:
    """The same with the words behind, up to a mark of the sentence or a quoted word."""
    for text in _texts(code):
        for name, rest in re.findall(rf"\binvoke {TASK}((?: [^\s`';:,.()]+)*)", text):
            yield name + rest.partition(" invoke ")[0]


def options_in_code(code: str) -> Iterator[tuple[str, str]]:
    """Every option that a string of Python code names behind a task, with that task."""
    for line in command_lines_in_code(code):
        for option in re.findall(r"(?<= )--[a-z][a-z-]*", line):
            yield line.split()[0], option


def anchors(text: str) -> set[str]:
    """Anchors that a page's headings give, as GitHub and MkDocs make them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}
