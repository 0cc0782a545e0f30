"""fleet.init and schema: the files of a fleet as a whole."""

from pathlib import Path
from typing import Annotated

from bunker.cli.command import operator_command
from bunker.cli.options import Options


@operator_command(select=False, fleet=False)
def init(options: Options, folder: Annotated[str, "the folder to make it in"]) -> None:
    """Make a fleet's own repository.

    The program is installed, the fleet's files are in a repository of their own: both are upgraded
    apart. The folder must be new or empty. In a fleet that was made before, only what is missing is
    added, so that it also completes one that was interrupted or made by an older version.

    Where there is no fleet yet there are no tasks, so it is: python -m bunker init DIR

    Examples:
      invoke fleet.init ../our-fleet
      invoke fleet.init .
    """
    from bunker.new_fleet.make import make_fleet

    made = make_fleet(Path(folder))
    begin = f"{made.folder}: {len(made.written)} files written" if made.written else ""
    lines = [
        begin or f"{made.folder} is a fleet already, and complete: nothing was written",
        *(f"  {path}" for path in made.written),
        *(f"note: {note}" for note in made.notes),
        "Next:",
        *(f"  {command}" for command in made.next_commands),
    ]
    options.answer({**vars(made), "folder": str(made.folder)}, "\n".join(lines))


@operator_command(select=False, fleet=False)
def schema(options: Options) -> None:
    """Write what editors complete and check files with.

    JSON Schemas of host files and of fleet.settings.yaml, in inventories/schema/. New files name
    them in their first line, which editors with a YAML language server obey. To be run again after
    an upgrade of Bunker Ops; fleet.init and instance.add do it by themselves.

    Example:
      invoke fleet.schema
    """
    from bunker.fleet.schema import FOLDER, write_schemas

    changed = [str(path.relative_to(options.root)) for path in write_schemas(options.root)]
    text = f"written: {', '.join(changed)}" if changed else f"{FOLDER} is up to date"
    options.answer({"folder": str(FOLDER), "written": changed}, text)
