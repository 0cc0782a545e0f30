"""Reading all generations of many hosts: one command per host, all at once."""

from collections.abc import Iterable, Mapping

from bunker.answers import MARK, UnreadableAnswer, decoded_text, sections
from bunker.application.generation import read_generation
from bunker.application.layout import located
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.generations.model import Generation
from bunker.host_keys import Unreachable
from bunker.remote import Completed, Remote, run_many

TIMEOUT_SECONDS = 30

SCRIPT = rf"""
echo '{MARK} generations'
for file in "$GENERATIONS"/[0-9]*.json; do
  [ -f "$file" ] || continue
  kept=no
  [ ! -e "${{file%.json}}/commit" ] || kept=yes
  echo "$file $kept $(base64 < "$file" | tr -d '\n')"
done
echo '{MARK} end'
"""


def script_for(host: Host) -> str:
    """The question for one host."""
    return located(host.application.name) + SCRIPT


def read_generations(remotes: Iterable[Remote]) -> Mapping[str, list[Generation] | BunkerError]:
    """By host name: its generations, oldest first (none where nothing was ever deployed).

    A host that cannot be asked has its Unreachable instead, one whose answer makes no sense
    another BunkerError. Changes nothing.
    """
    answers = run_many(remotes, script_for, timeout=TIMEOUT_SECONDS, sudo=True)
    return {host: _generations(host, answer) for host, answer in answers.items()}


def _generations(host: str, answer: Completed | Unreachable) -> list[Generation] | BunkerError:
    if isinstance(answer, Unreachable):
        return answer
    try:
        rows = sections(answer.stdout.splitlines() if answer.ok else ()).get("generations", [])
    except UnreadableAnswer as error:
        said = (answer.stderr.strip().splitlines() or [str(error)])[-1]
        return BunkerError(f"the generations cannot be read: {said}", where=host)
    try:
        return [_generation(host, row) for row in rows]
    except BunkerError as error:
        return error


def _generation(host: str, row: str) -> Generation:
    path, _, rest = row.partition(" ")
    kept, _, encoded = rest.partition(" ")
    where = f"{host}:{path}"
    try:
        data = read_generation(decoded_text(encoded, "it"), "it")
    except UnreadableAnswer as error:
        raise BunkerError(
            f"a generation's record cannot be read: {error}",
            where=where,
            remedy=f"Look at it with: invoke ssh --host {host}",
        ) from None
    return Generation.from_record(data, kept=kept == "yes", where=where)
