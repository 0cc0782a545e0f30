"""Room on a host's file systems: what a change needs, asked before anything is touched. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bunker.answers import MOST, UnreadableAnswer, whole
from bunker.answers import line as one_line
from bunker.application.layout import Layout
from bunker.errors import BunkerError
from bunker.fleet.models import Host

FLOOR_KB: Final = 64 * 1024
FLOOR_FILES: Final = 1000
"""What has to stay free on every file system that is written to, whatever a change needs."""
FIRST_IMAGES_KB: Final = 1024 * 1024
"""Images of a first deploy, whose sizes are not known yet."""
FIRST_TREE: Final = (100 * 1024, 5000)


@dataclass(frozen=True)
class Place:
    """One file system: KB and files that are free; None where it counts no files."""

    mount: str
    free_kb: int
    free_files: int | None


@dataclass(frozen=True)
class Space:
    """Where the checkout, the engine and Bunker's own state are, and the sizes of now (KB).

    ``tree`` is the size of the code's files and their number, ``built_kb`` that of the images that
    were built on the host. ``unused`` images serve no container.
    """

    checkout: Place | None = None
    engine: Place | None = None
    state: Place | None = None
    tree: tuple[int, int] = FIRST_TREE
    built_kb: int = 0
    unused: int = 0
    snapshots_kb: int = 0


@dataclass
class Need:
    """What a change writes to one file system, and what that is."""

    place: Place
    kb: int = FLOOR_KB
    files: int = FLOOR_FILES
    parts: list[str] = field(default_factory=list)

    def add(self, what: str, kb: int, files: int = 0) -> None:
        """Take something more into account."""
        self.kb += kb
        self.files += files
        self.parts.append(f"{what} {_size(kb)}")

    @property
    def met(self) -> bool:
        """Whether there is room for it."""
        files = self.place.free_files
        return self.place.free_kb >= self.kb and (files is None or files >= self.files)


def read_space(lines: Sequence[str]) -> Space:
    """The room by the lines ``KEY VALUE`` of a host's answer. Raises UnreadableAnswer."""
    places = []
    found: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(" ")
        if key == "place":
            places.append(_place(value))
        else:
            found[key] = value.strip()
    checkout, engine, state = (*places, None, None, None)[:3]
    kb, _, files = found.get("tree", "").partition(" ")
    tree = (whole(kb, "the size of the code"), whole(files, "its files")) if kb else FIRST_TREE

    def number(key: str) -> int:
        return whole(found.get(key) or 0, f"{key} of its room")

    return Space(
        checkout=checkout,
        engine=engine,
        state=state,
        tree=tree,
        built_kb=number("built"),
        unused=number("unused"),
        snapshots_kb=number("snapshots"),
    )


def _place(value: str) -> Place:
    kb, _, rest = one_line(value, "a file system").partition(" ")
    files, _, mount = rest.partition(" ")
    if not mount:
        raise UnreadableAnswer("a file system is told in another form")
    # Some file systems count no files.
    free = None if files == "-" else whole(files, f"the free files of {mount}", least=-1)
    return Place(mount, whole(kb, f"the free room of {mount}", least=-MOST), free)


def needs(space: Space, *, code: bool, build: bool, database_kb: int | None) -> list[Need]:
    """What a change needs, one entry a file system. ``database_kb``: a copy of it is made."""
    found: dict[str, Need] = {}

    def on(place: Place) -> Need:
        return found.setdefault(place.mount, Need(place))

    for place in (space.checkout, space.engine, space.state):
        if place:
            on(place)
    kb, files = space.tree
    if code and space.checkout:
        on(space.checkout).add("code", kb, files)
    if code and space.state:
        on(space.state).add("code to be built", kb, files)
    if build and space.engine:
        on(space.engine).add("images", space.built_kb or FIRST_IMAGES_KB, files)
    if database_kb and space.state:
        on(space.state).add("a copy of the database", database_kb)
    return list(found.values())


def check_space(
    host: Host, space: Space, wanted: Sequence[Need], layout: Layout
) -> Iterator[BunkerError]:
    """The file systems without the room that is needed, with what may be removed."""
    for need in wanted:
        if need.met:
            continue
        place = need.place
        free = f"{_size(place.free_kb)} and {place.free_files} files are free"
        if place.free_files is None:
            free = f"{_size(place.free_kb)} are free"
        parts = f" ({', '.join(need.parts)}, and {_size(FLOOR_KB)} to spare)" if need.parts else ""
        yield BunkerError(
            f"there is no room on {place.mount}: {free}",
            where=host.name,
            expected=f"{_size(need.kb)} and {need.files} files{parts}",
            remedy=f"Make room: {space.unused} images are not used (sudo docker image prune),"
            f" snapshots take {_size(space.snapshots_kb)} ({layout.snapshots})",
        )


def needed_lines(wanted: Sequence[Need]) -> str:
    """What the host asks for once more when the change begins: KB, files, mount, a line each."""
    return "\n".join(f"{need.kb} {need.files} {need.place.mount}" for need in wanted)


def _size(kb: int) -> str:
    return f"{kb / 1048576:.1f} GB" if kb >= 1048576 else f"{-(-kb // 1024)} MB"
