"""A page of the documents, walked through: each command block in its order, none left out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bunker.product import CODE as CHECKOUT
from tests.deep.documents.comparing import shown_anew, shows
from tests.deep.documents.control_machine import Answer, ControlMachine, Said

RECORD = "BUNKER_RECORD_PAGES"
"""Set to write what commands say now into the pages, instead of comparing."""
NAMED = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}|(?<=approve )[0-9a-f]{12}")
"""Runs, and requests for an approval."""
FENCE = re.compile(r"^( *)```(sh|console)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)

YES: tuple[Answer, ...] = (("[y/N]", "y\n"),)
"""The answer of an operator who has read the plan."""
Replaced = str | Callable[[list[Said]], str]
"""What stands in place of a word: a text, or what it is after the earlier commands of a block."""


@dataclass(frozen=True)
class Block:
    """Commands of a page, each with the lines that it shows of what they say."""

    text: str
    commands: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass
class Page:
    """``path`` is that of the page from the project's root."""

    path: str
    blocks: list[Block] = field(init=False)
    done: int = 0
    renamed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        text = (CHECKOUT / self.path).read_text()
        self.blocks = [_block(kind, body) for _, kind, body in FENCE.findall(text)]

    def take(self, holds: str) -> Block:
        """The next block, which has to hold this text."""
        assert self.done < len(self.blocks), f"{self.path} has no further block: {holds}"
        block = self.blocks[self.done]
        assert holds in block.text, f"{self.path}: not {holds!r}, the next block is\n{block.text}"
        self.done += 1
        return block

    def word(self, behind: str) -> str:
        """The word of the next block that stands behind this text: a name that a run has there."""
        return self.blocks[self.done].text.partition(behind)[2].split()[0]

    def skip(self, holds: str, why: str) -> None:
        """Leave the next block out, for a reason."""
        assert why
        self.take(holds)

    def end(self) -> None:
        """Every block was there and ran."""
        left = [block.text for block in self.blocks[self.done :]]
        assert not left, f"{self.path}: not walked through:\n" + "\n".join(left)

    def run(
        self,
        machine: ControlMachine,
        holds: str,
        *,
        answers: Mapping[str, Sequence[Answer]] = {},
        expect: Mapping[str, int] = {},
        where: Mapping[str, Replaced] = {},
        after: Mapping[str, Callable[[], object]] = {},
    ) -> list[Said]:
        """Run the next block's commands on a control machine.

        ``answers`` and ``expect`` (exit codes other than 0) go by a part of the command that they
        are for, ``where`` has what stands in place of words that an operator replaces; what it
        takes from an earlier command of the block is a function of what that said. ``after`` has
        what the lab needs behind a command.
        """
        said: list[Said] = []
        for command, output in self.take(holds).commands:
            typed = command
            for word, value in where.items():
                if word in typed:
                    typed = typed.replace(word, value if isinstance(value, str) else value(said))
            wanted = next((code for part, code in expect.items() if part in command), 0)
            given = next((these for part, these in answers.items() if part in command), ())
            found = machine.run(typed, *given)
            ended = f"{self.path}: {typed}: ended with {found.code}, not {wanted}:\n{found.text}"
            self.compare(command, output if found.code == wanted else (), found)
            assert found.code == wanted, ended
            said.append(found)
            for part, prepare in after.items():
                if part in command:
                    prepare()
        return said

    def compare(self, command: str, output: tuple[str, ...], said: Said) -> None:
        """The page shows what was said; where pages are recorded, it does from now on."""
        self._keep(said)
        if not output or shows(output, said.lines):
            return
        if os.environ.get(RECORD):
            self._record(command, output, shown_anew(output, said.lines))
            return
        raise AssertionError(
            f"{self.path} shows of {command}:\n" + "\n".join(output) + f"\n\nit says:\n{said.text}"
        )

    def _record(self, command: str, old: tuple[str, ...], new: list[str]) -> None:
        file = CHECKOUT / self.path
        text = file.read_text()
        was, now = self._today(_shown(command, old)), _shown(self._today(command), new)
        assert text.count(was) == 1, f"{self.path}: {command} stands there more than once"
        text = text.replace(was, now)
        for before, since in zip(NAMED.findall(was), NAMED.findall(now), strict=False):
            if before != since and before not in self.renamed:
                self.renamed[before] = since
                self.renamed[before.rpartition("-")[2]] = since.rpartition("-")[2]
        file.write_text(self._today(text))

    def _today(self, text: str) -> str:
        """With the names that runs and requests have since they were recorded anew."""
        for before, since in self.renamed.items():
            text = text.replace(before, since)
        return text

    def _keep(self, said: Said) -> None:
        """Leave what was said for whoever edits the page."""
        folder = Path(os.environ.get("BUNKER_TRANSCRIPTS", CHECKOUT / ".lab/transcripts"))
        folder.mkdir(parents=True, exist_ok=True)
        name = self.path.replace("/", "-").removesuffix(".md")
        with (folder / f"{name}.txt").open("a") as file:
            file.write(f"$ {said.command}\n{said.text}\n[{said.code}]\n\n")


def _shown(command: str, output: Sequence[str]) -> str:
    return f"$ {command}\n" + "".join(f"{line}\n" for line in output)


def run_of(said: Said) -> str:
    """The run that a command speaks of."""
    return re.findall(r"\d{8}T\d{6}Z-[0-9a-f]{4,}", said.text)[0]


def _block(kind: str, body: str) -> Block:
    lines = body.splitlines()
    if kind == "sh":
        joined = re.sub(r"\\\n\s*", "", body).splitlines()
        commands = [line for line in joined if line.strip() and not line.startswith("#")]
        return Block(body, tuple((line, ()) for line in commands))
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    for _, output in found:
        while output and not output[-1].strip():
            output.pop()
    return Block(body, tuple((command, tuple(output)) for command, output in found))
