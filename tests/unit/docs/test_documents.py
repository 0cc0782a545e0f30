"""The documents name only what exists: commands, options, pages; and nothing of one machine."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent


@cache
def _module(name: str, path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


documents = _module("documents", HERE / "documents.py")
ROOT: Path = documents.ROOT
PAGES: list[Path] = documents.pages()
names = [str(page.relative_to(ROOT)) for page in PAGES]

FORBIDDEN = re.compile(
    r"deb\.debian\.org|archive\.ubuntu\.com|pypi\.org|pythonhosted|registry\.npmjs|docker\.io/"
    r"|registry-1\.docker|(?<![\w./])/(?:work|home/\w+/main|tmp)/(?!\.)\w+",
    re.IGNORECASE,
)


def problem_of(words: list[str]) -> str:
    """What is wrong with an `invoke …` command; empty where nothing is."""
    tasks = _module("tasks", ROOT / "tasks.py").namespace
    name, rest = words[1], words[2:]
    if name in ("--list", "--help"):
        return "" if name != "--help" or not rest or rest[0].isupper() else problem_of(words[1:])
    if name not in tasks.task_names:
        return f"there is no task {name}"
    known = {
        f"--{spelling}" if len(spelling) > 1 else f"-{spelling}": argument
        for argument in tasks[name].get_arguments()
        for spelling in argument.names
    }
    place = 0
    positional = 0
    while place < len(rest):
        word = rest[place]
        place += 1
        if not word.startswith("-"):
            positional += 1
            continue
        flag, _, attached = word.partition("=")
        # invoke spells the underscores of Python's names as dashes.
        argument = known.get(flag) or known.get(flag.replace("-", "_").replace("__", "--", 1))
        if argument is None:
            return f"{name} has no option {flag}"
        if argument.takes_value and not attached:
            if place == len(rest):
                return f"{name} {flag} needs a value"
            place += 1
    if getattr(tasks[name], "words", ""):
        return ""
    allowed = sum(argument.positional for argument in tasks[name].get_arguments())
    return f"{name} takes {allowed} words, not {positional}" if positional > allowed else ""


@pytest.mark.parametrize("page", PAGES, ids=names)
@pytest.mark.promise("The documents and the program name only commands that exist")
def test_every_command_exists_with_its_options(page: Path) -> None:
    found = list(documents.commands(page.read_text()))
    wrong = [f"{' '.join(words)}: {problem}" for words in found if (problem := problem_of(words))]
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_blocks_of_commands_are_marked_so_that_they_are_walked_through(page: Path) -> None:
    """`sh` are commands, `console` commands with what they say; the deep tier runs both."""
    unmarked = documents.code_blocks(page.read_text(), "")
    assert not [body for body in unmarked if re.search(r"^(\$ |invoke |pip |nox )", body, re.M)]


def test_every_page_with_commands_is_walked_through() -> None:
    """Each block is run, or left out with a reason: `Page.end` holds that of each page."""
    walks = "".join(file.read_text() for file in (ROOT / "tests/deep/documents").glob("test_*.py"))
    walked = set(re.findall(r'Page\("([^"]+)"\)', walks))
    marked = {
        str(page.relative_to(ROOT))
        for page in PAGES
        if re.search(r"^ *```(sh|console)$", page.read_text(), re.M)
    }
    assert walked == marked


def test_commands_are_found_and_wrong_ones_are_noticed() -> None:
    text = (
        "Run `invoke deploy --host north --dri`, or\n\n    invoke nosuch\n\n"
        "```\ninvoke status\ninvoke lab.ssh one two  # twice\ninvoke logs --host\n```\n"
        "and `invoke\nplan --host x --out f`.\n"
    )
    problems = {problem_of(words) for words in documents.commands(text)}
    assert problems == {
        "",
        "deploy has no option --dri",
        "there is no task nosuch",
        "lab.ssh takes 1 words, not 2",
        "logs --host needs a value",
    }


def test_the_pages_show_every_command_somewhere() -> None:
    shown = {words[1] for page in PAGES for words in documents.commands(page.read_text())}
    assert set(_module("tasks", ROOT / "tasks.py").namespace.task_names) <= shown


@pytest.mark.promise("The documents and the program name only commands that exist")
def test_the_program_names_only_commands_that_exist() -> None:
    tasks = set(_module("tasks", ROOT / "tasks.py").namespace.task_names)
    named = {
        (str(path.relative_to(ROOT)), name)
        for folder in ("bunker", "deploys")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in documents.commands_in_code(path.read_text())
    }
    assert {(path, name) for path, name in named if name not in tasks} == set()
    assert len({name for _, name in named}) > 30


def test_the_program_names_only_options_that_its_commands_have() -> None:
    tasks = _module("tasks", ROOT / "tasks.py").namespace
    named = {
        (str(path.relative_to(ROOT)), name, option)
        for folder in ("bunker", "deploys")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name, option in documents.options_in_code(path.read_text())
    }
    known = {
        name: {f"--{one}" for argument in tasks[name].get_arguments() for one in argument.names}
        for name in tasks.task_names
    }
    assert {one for one in named if one[2] not in known[one[1]]} == set()
    assert len(named) > 60


def test_a_secret_is_set_with_its_host() -> None:
    """The command takes one host: without it an operator gets an error in place of a remedy."""
    wanted = ("secrets.set", "--key")
    without = [
        path.name
        for folder in ("bunker", "deploys")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for text in documents.command_lines_in_code(path.read_text())
        if all(word in text for word in wanted) and "--host" not in text
    ]
    assert without == []


def test_commands_are_found_in_every_string_of_code() -> None:
    code = (
        '"""Run `invoke one`."""\nx = "try: invoke " "two --host"\ny = f"`invoke three.{x}`"\n'
        'z = f"{y}: `invoke four-{x} {y}` or invoke five"\n# invoke six\n'
        "v = 'invoke seven.'\nw = \"Another runs: invoke eight\\n\"\n"
    )
    assert set(documents.commands_in_code(code)) == {"one", "two", "five", "seven", "eight"}
    assert set(documents.options_in_code(code)) == {("two", "--host")}


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_links_lead_somewhere(page: Path) -> None:
    text = documents.FENCE.sub("", page.read_text())
    broken = []
    for link in documents.LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        missing = not file.exists()
        if missing or (anchor and anchor not in documents.anchors(file.read_text())):
            broken.append(link)
    assert not broken


def test_the_index_leads_to_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    linked = set(documents.LINK.findall(index))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= linked
    assert "docs/README.md" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_nothing_of_one_machine_or_registry_is_named(page: Path) -> None:
    assert not FORBIDDEN.findall(page.read_text())


def test_paths_that_the_pages_name_exist() -> None:
    """`bunker/…`, `deploys/…` and the like; words in capitals stand for a name."""
    missing = []
    folders = "bunker|deploys|tests|lab|templates|files|sample"
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = page.read_text()
        for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", text):
            placeholder = re.search(r"[A-Z]{2,}", path.replace("README", ""))
            if not placeholder and not (ROOT / path).exists():
                missing.append(f"{page.name}: {path}")
    assert not missing
