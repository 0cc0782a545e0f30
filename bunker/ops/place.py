"""Placing components on a host: compare all at once, show a masked diff, place each atomically."""

import base64
import io
import shlex
import tarfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pyinfra.api import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.context import ctx_host

from bunker.answers import MARK, decoded, sections
from bunker.bundle import Bundle, BundleFile, Component
from bunker.bundle_diff import FileMeta, diff_file
from bunker.ops.confirm import fresh_login
from bunker.ops.context import changing
from bunker.ops.facts import Components, ComponentsState, FileState, asked, reading
from bunker.ops.recorder import recorder
from bunker.ops.step import AS_ROOT, Command, shell, step
from bunker.plan.changes import Change, Symbol
from bunker.shell import CLEAN_SHELL, failed_line_function, script_file

_SCRIPTS = Path(__file__).parent / "scripts"


def archive(files: Sequence[BundleFile]) -> str:
    """The files as a base64 tar archive, all 0600 and root's, to be sent over standard input."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for file in files:
            info = tarfile.TarInfo(file.path.lstrip("/"))
            info.size, info.mode = len(file.content), 0o600
            tar.addfile(info, io.BytesIO(file.content))
    return base64.encodebytes(buffer.getvalue()).decode()


def instructions(bundle: Bundle) -> str:
    """One line per path for the placing script: what to do, mode, owner, path."""
    lines = [f"put {file.mode:o} {file.owner} {file.path}" for file in bundle.files]
    return "\n".join(lines + [f"remove - - {path}" for path in bundle.absent])


def put_files_script() -> str:
    """The shell function ``put_files``: it moves a staged archive's files into place.

    It reads ``$STAGE`` and ``$INSTRUCTIONS``.
    """
    return script_file(_SCRIPTS / "put_files.sh")


def read_components(components: Sequence[Component]) -> ComponentsState:
    """Manifest, applied hashes and checks of all components with one remote command."""
    paths = [file.path for item in components for file in item.bundle.files]
    paths += [path for item in components for path in item.bundle.absent]
    return asked(
        Components,
        paths=paths,
        names=[item.bundle.name for item in components],
        checks={item.bundle.name: item.check for item in components if item.check},
    )


def differing(bundle: Bundle, state: ComponentsState) -> list[str]:
    """Paths of a bundle that are not on the host as they should be."""
    paths = []
    for file in bundle.files:
        wanted = FileState(file.sha256, file.mode, file.owner)
        if state.files.get(file.path) != wanted:
            paths.append(file.path)
    return paths + [path for path in bundle.absent if path in state.files]


def read_contents(paths: Sequence[str]) -> dict[str, bytes]:
    """Content of the paths that exist, for diffs; no command where there is nothing to read.

    The caller masks what is secret. No fact: with -vvv pyinfra prints what facts answer, and a
    secret that was changed by hand on the host is one that could not be redacted.
    """
    if not paths:
        return {}
    answer = ask(
        f"for path in {shlex.join(paths)}; do\n"
        '  [ -f "$path" ] || continue\n'
        f'  echo "{MARK} $path"; base64 < "$path" | tr -d \'\\n\'; echo\n'
        f"done\necho '{MARK} end'"
    )
    if answer is None:
        raise FactProcessError("the host did not answer: content of files that differ")
    return contents_of(answer)


def contents_of(answer: list[str]) -> dict[str, bytes]:
    """By path, what the host says that its files hold."""
    with reading("the content of its files"):
        found = sections(answer)
        del found["end"]
        return {path: decoded("".join(lines), path) for path, lines in found.items()}


def ask(script: str, *, stdin: str | None = None, by: str = CLEAN_SHELL) -> list[str] | None:
    """What the current host answers to a script that only reads, line by line; None: it fails.

    For answers with secrets, and questions that hold some (by ``stdin``): with -vvv pyinfra would
    print those of a fact.
    """
    how = {**AS_ROOT, "_shell_executable": by, **({"_stdin": stdin} if stdin else {})}
    answered, output = ctx_host.get().run_shell_command(
        StringCommand(script), **how, print_output=False
    )
    return list(output.stdout_lines) if answered else None


def diff_lines(
    bundle: Bundle, paths: Sequence[str], state: ComponentsState, contents: dict[str, bytes]
) -> tuple[str, ...]:
    """The masked diff of a bundle's differing paths."""
    by_path = {file.path: file for file in bundle.files}
    lines: list[str] = []
    for path in paths:
        found = state.files.get(path)
        old_meta = FileMeta(found.mode, found.owner, found.group) if found else None
        new = by_path.get(path)
        sign = "-" if new is None else "~" if found else "+"
        lines.append(f"{sign} {path}")
        lines += [f"  {line}" for line in diff_file(contents.get(path), new, old_meta)]
    return tuple(lines)


def place_components(
    role: str, components: Sequence[Component], state: ComponentsState
) -> list[str]:
    """Declare a step for every component that differs, is not applied, or does not check out.

    Returns the names of those. Each is one remote command (three where a fresh login has to
    confirm it): stage, validate, keep the old files, move into place, activate, check, record.
    """
    recording = recorder().current()
    changed: list[str] = []
    pending = {item.bundle.name: differing(item.bundle, state) for item in components}
    existing = [path for paths in pending.values() for path in paths if path in state.files]
    contents = read_contents(existing)
    for item in components:
        bundle, paths = item.bundle, pending[item.bundle.name]
        applied = state.applied.get(bundle.name) == bundle.fingerprint
        failing = state.checks.get(bundle.name, "")
        found = {path: vars(state.files[path]) for path in sorted(paths) if path in state.files}
        recording.observed.append([role, bundle.name, found, applied, not failing])
        recording.wanted.append([role, bundle.name, bundle.fingerprint])
        if not paths and applied and not failing:
            ctx_host.get().noop(f"{role}: {bundle.name} is as it should be")
            continue
        changed.append(bundle.name)
        symbol, summary = _summary(bundle, paths, state, running=not failing)
        lines = diff_lines(bundle, paths, state, contents)
        if failing:
            lines = (*lines, f"running now: {failing}")
        recorder().change(Change(role, bundle.name, symbol, summary, lines, item.restarts))
        step(f"{role}: {bundle.name}", partial(placing_commands, item))
    return changed


def _summary(
    bundle: Bundle, paths: list[str], state: ComponentsState, *, running: bool
) -> tuple[Symbol, str]:
    without_files = not bundle.files and not bundle.absent
    if (paths or without_files) and not any(file.path in state.files for file in bundle.files):
        return "+", f"{bundle.name} set up"
    if paths:
        return "~", f"{bundle.name}: {len(paths)} file{'s' * (len(paths) > 1)} to change"
    if not running:
        return "~", f"{bundle.name}: files are right, the running system is not; activated again"
    return "~", f"{bundle.name}: an interrupted activation is finished"


def placing_commands(item: Component) -> list[Command]:
    """The remote commands that place one component; archive and scripts go over stdin."""
    bundle = item.bundle
    place = changing(
        failed_line_function()
        + script_file(_SCRIPTS / "reverting.sh")
        + put_files_script()
        + script_file(_SCRIPTS / "place.sh"),
        NAME=bundle.name,
        FINGERPRINT=bundle.fingerprint,
        INSTRUCTIONS=instructions(bundle),
        VALIDATE=item.validate or "",
        ACTIVATE=item.activate or "",
        REVERT=item.revert_activate or item.activate or "",
        CHECK=item.check or "",
        CLEAN_SHELL=CLEAN_SHELL,
        CONFIRM=item.confirm_seconds if item.confirm_login else "",
    )
    commands: list[Command] = [shell(place, stdin=archive(bundle.files))]
    if item.confirm_login:
        confirm = changing(
            script_file(_SCRIPTS / "confirm.sh"), NAME=bundle.name, FINGERPRINT=bundle.fingerprint
        )
        commands += [fresh_login(bundle.name, item.login_ports), shell(confirm)]
    return commands
