"""Which generation an instance rolls back to, and what speaks against its code alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bunker.errors import BunkerError
from deploys.stack.rollback_choice import (
    Armed,
    Choice,
    KeptGeneration,
    RollbackState,
    assess,
    check_choice,
    choose,
    summary,
)

SAFE = 'ALTER TABLE "campaigns" ADD COLUMN "tagline" TEXT;'
UNSAFE = 'ALTER TABLE "campaigns" DROP COLUMN "description";'
INIT, TAGLINE, DROP = "20250106_init", "20250210_tagline", "20250310_drop"
OLD = KeptGeneration(1, "a" * 40, "run-1", migration_head=INIT, migrations=(INIT,))
GOOD = KeptGeneration(
    2,
    "b" * 40,
    "run-2",
    migration_head=TAGLINE,
    source=1,
    backup="run-2",
    migrations=(INIT, TAGLINE),
)
DESTRUCTIVE = KeptGeneration(
    3,
    "c" * 40,
    "run-3",
    migration_head=DROP,
    source=2,
    backup="run-3",
    migrations=(INIT, TAGLINE, DROP),
)
STATE = RollbackState(
    generations=(OLD, GOOD),
    head=GOOD.commit,
    built=GOOD.commit,
    applied=(INIT, TAGLINE),
    sql={TAGLINE: SAFE, DROP: UNSAFE},
    snapshots={"run-2": 1_700_000_000, "run-3": 1_700_001_000},
)
AFTER_DROP = replace(
    STATE,
    generations=(OLD, GOOD, DESTRUCTIVE),
    head=DESTRUCTIVE.commit,
    built=DESTRUCTIVE.commit,
    applied=(INIT, TAGLINE, DROP),
)


def target_of(chosen: Choice | None) -> int | None:
    return chosen.target.number if chosen else None


def test_an_armed_change_rolls_back_to_where_it_came_from() -> None:
    state = replace(STATE, armed=Armed(2, "run-9"), head="d" * 40)
    chosen = choose(state, to=None, of_run="run-9")
    assert chosen == Choice(GOOD, "run-9")


def test_a_run_that_recorded_a_generation_rolls_back_to_the_one_it_replaced() -> None:
    assert choose(STATE, to=None, of_run="run-2") == Choice(OLD, "run-2")


def test_a_run_that_changed_nothing_has_nothing_to_take_back() -> None:
    assert choose(STATE, to=None, of_run="run-9") is None
    assert choose(RollbackState(), to=None, of_run="run-9") is None


def test_a_run_that_only_built_images_gets_their_names_put_back_without_a_generation() -> None:
    state = replace(STATE, built="d" * 40)
    assert choose(state, to=None, of_run="run-9") == Choice(GOOD, "run-9", recorded=False)


def test_what_the_host_took_back_by_itself_is_not_taken_back_again() -> None:
    returned = KeptGeneration(
        3, OLD.commit, "run-2", source=2, rollback_of="run-2", rollback_to=1, migrations=(INIT,)
    )
    state = replace(STATE, generations=(OLD, GOOD, returned), head=OLD.commit, built=OLD.commit)
    assert choose(state, to=None, of_run="run-2") is None


def test_a_change_that_others_built_upon_is_not_taken_back_blindly() -> None:
    with pytest.raises(BunkerError, match="generation 3 was made after this run by run run-3"):
        choose(AFTER_DROP, to=None, of_run="run-2")


def test_a_number_goes_to_that_generation_and_to_none_when_it_runs_already() -> None:
    assert target_of(choose(STATE, to=1, of_run="")) == 1
    assert choose(STATE, to=2, of_run="") is None
    assert target_of(choose(replace(STATE, head="d" * 40), to=2, of_run="")) == 2


def test_a_generation_that_is_not_kept_is_refused_with_those_that_are() -> None:
    state = replace(STATE, generations=(replace(OLD, kept=False), GOOD))
    with pytest.raises(BunkerError, match="generation 1 is not kept") as error:
        choose(state, to=1, of_run="")
    assert error.value.expected == "one of 2"


def test_the_first_generation_has_none_before_it() -> None:
    state = replace(STATE, generations=(OLD,))
    with pytest.raises(BunkerError, match="first one"):
        choose(state, to=None, of_run="run-1")
    with pytest.raises(BunkerError, match="no generation was ever recorded"):
        choose(RollbackState(), to=1, of_run="")


def test_code_alone_suffices_across_safe_migrations() -> None:
    chosen = Choice(OLD, "run-2")
    found = assess(STATE, chosen)
    assert found.code_alone
    assert found.applied_since == (TAGLINE,)
    check_choice("north", "--host north --app wiki", STATE, chosen, found, restore=False)
    assert "code alone suffices: 20250210_tagline is safe" in summary(found, restore=False)


def test_a_destructive_migration_leaves_the_choice_between_restoring_and_fixing_forward() -> None:
    chosen = Choice(GOOD, "run-3")
    found = assess(AFTER_DROP, chosen)
    assert not found.code_alone
    with pytest.raises(BunkerError) as error:
        check_choice("north", "--host north --app wiki", AFTER_DROP, chosen, found, restore=False)
    assert "drops column campaigns.description" in error.value.problem
    assert error.value.remedy is not None
    assert "as it was at 2023-11-14 22:30:00 UTC" in error.value.remedy
    assert "invoke rollback --host north --app wiki --to 2 --restore" in error.value.remedy
    assert "invoke upgrade --host north --app wiki --ref FIXED" in error.value.remedy
    check_choice("north", "--host north --app wiki", AFTER_DROP, chosen, found, restore=True)
    assert "what was written since is lost" in summary(found, restore=True)


def test_the_latest_snapshot_that_the_older_code_works_with_is_taken() -> None:
    assert assess(AFTER_DROP, Choice(OLD, "run-3")).snapshot == "run-3"
    gone = replace(AFTER_DROP, snapshots={"run-2": 1_700_000_000})
    assert assess(gone, Choice(OLD, "run-3")).snapshot == "run-2"
    assert assess(gone, Choice(GOOD, "run-3")).snapshot is None, "it lacks a migration"


def test_a_restore_without_a_snapshot_is_refused() -> None:
    state = replace(AFTER_DROP, snapshots={})
    chosen = Choice(GOOD, "run-3")
    with pytest.raises(BunkerError, match="no snapshot") as error:
        check_choice(
            "north", "--host north --app wiki", state, chosen, assess(state, chosen), restore=True
        )
    assert "Fix forward" in str(error.value)


def test_a_migration_whose_sql_nobody_has_counts_as_unsafe() -> None:
    state = replace(AFTER_DROP, sql={TAGLINE: SAFE})
    assert "is not known" in assess(state, Choice(GOOD, "run-3")).reasons[0]


def test_code_that_needs_a_migration_which_the_database_lacks_is_refused() -> None:
    state = replace(STATE, applied=(INIT,), generations=(OLD, GOOD, replace(OLD, number=3)))
    chosen = Choice(GOOD, "run-3")
    with pytest.raises(BunkerError, match="needs migration 20250210_tagline"):
        check_choice(
            "north", "--host north --app wiki", state, chosen, assess(state, chosen), restore=False
        )


def test_a_database_that_is_down_stops_all_but_what_had_not_begun_to_migrate() -> None:
    down = replace(STATE, applied=None)
    with pytest.raises(BunkerError, match="does not answer"):
        assess(down, Choice(OLD, "run-2"))
    begun = replace(down, armed=Armed(2, "run-9", migrating=True))
    with pytest.raises(BunkerError, match="does not answer"):
        assess(begun, Choice(GOOD, "run-9"))
    early = replace(down, armed=Armed(2, "run-9"))
    assert assess(early, Choice(GOOD, "run-9")).code_alone
