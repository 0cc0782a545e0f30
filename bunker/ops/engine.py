"""The part of the System fact that says what the host's Docker engine was told before us."""

from collections.abc import Mapping, Sequence

from bunker.ops.facts import reading
from deploys.docker.past import EngineState, read_engine


def engine_of(found: Mapping[str, Sequence[str]]) -> EngineState:
    """The answer as values; BunkerError where it is not what the script prints."""
    with reading("its Docker engine"):
        return read_engine(found)
