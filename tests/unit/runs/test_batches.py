"""Batches: canaries first, then the rest in their order, never more at once than was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.errors import BunkerError
from bunker.events import RunBatch as Batch
from bunker.runs.batches import make_batches

NAMES = [f"north-{number}" for number in range(1, 10)]
HOSTS = st.lists(st.sampled_from([f"h{n}" for n in range(60)]), unique=True)
SIZES = st.one_of(st.integers(1, 80).map(str), st.integers(1, 100).map(lambda part: f"{part}%"))


def test_canaries_are_a_batch_of_their_own_before_all_others() -> None:
    assert make_batches(["a", "b", "c", "d"], ["c"], "2") == [
        Batch("canary", ("c",)),
        Batch("batch 1", ("a", "b")),
        Batch("batch 2", ("d",)),
    ]


def test_a_part_is_rounded_up_and_counts_the_hosts_that_are_no_canaries() -> None:
    assert [len(batch.hosts) for batch in make_batches(NAMES, [], "25%")] == [3, 3, 3]
    assert [len(batch.hosts) for batch in make_batches(NAMES, NAMES[:1], "25%")] == [1, 2, 2, 2, 2]
    assert [len(batch.hosts) for batch in make_batches(NAMES[:2], [], "1%")] == [1, 1]


def test_without_hosts_there_are_no_batches() -> None:
    assert make_batches([], ["a"], "25%") == []


@pytest.mark.parametrize("size", ["0", "-1", "0%", "130%", "x", "", "1.5", "25 %%", "²", "%"])
def test_a_size_that_is_none_is_refused_with_what_is_expected(size: str) -> None:
    with pytest.raises(BunkerError, match="expected a number of hosts such as 2"):
        make_batches(["a"], [], size)


@given(HOSTS, HOSTS, SIZES)
def test_every_host_is_in_exactly_one_batch_and_the_order_is_kept(
    hosts: list[str], canary: list[str], size: str
) -> None:
    batches = make_batches(hosts, canary, size)
    flat = [host for batch in batches for host in batch.hosts]
    canaries = [host for host in hosts if host in canary]
    assert flat == canaries + [host for host in hosts if host not in canary]
    assert all(batch.hosts for batch in batches)
    assert len({batch.name for batch in batches}) == len(batches)


@given(HOSTS, HOSTS, SIZES)
def test_all_batches_but_the_last_have_the_size_that_was_asked_for(
    hosts: list[str], canary: list[str], size: str
) -> None:
    batches = [batch for batch in make_batches(hosts, canary, size) if batch.name != "canary"]
    rest = sum(len(batch.hosts) for batch in batches)
    if size.endswith("%"):
        exact = rest * int(size[:-1]) / 100
        wanted = max(1, int(exact) if exact == int(exact) else int(exact) + 1)
    else:
        wanted = int(size)
    assert all(len(batch.hosts) == wanted for batch in batches[:-1])
    assert all(len(batch.hosts) <= wanted for batch in batches)
