"""Measures the schema check against Postgres itself: `python -m tests.corpus`.

For each case: the old schema with rows, the migration, rows of the newer code; then what the code
of before asks is asked again. `--record` keeps what came out for the tests that have no Postgres.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from typing import Any

import psycopg

from bunker.application.migrations import classify_migrations
from tests.corpus import new_code, old_code
from tests.corpus.case import HISTORIES, TRUTH, Case
from tests.corpus.cases import every_case
from tests.corpus.catalog import Table, tables_of
from tests.corpus.postgres import server

FALSE_ALARMS_ALLOWED = 0.03
AT_LEAST = 300


class Base:
    """The database of a history, with rows, and what the code of before gets from it."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        with psycopg.connect(f"{url}postgres", autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}"'.encode())
        with psycopg.connect(url + name, autocommit=True) as database:
            for sql in HISTORIES[name]:
                database.execute(sql.encode())
            self.tables: dict[str, Table] = tables_of(database)
            old_code.fill(database, self.tables)
            text = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences"
            self.sequences = database.execute(text.encode()).fetchall()
            self.queries = old_code.queries_of(database, self.tables)
            self.answers = old_code.ask(database, self.queries, self.tables)
        works = [answer for answer in self.answers if not answer.error]
        assert len(works) > 0.8 * len(self.answers), [a.error for a in self.answers if a.error]


OWN_TRANSACTION = re.compile(r"ADD VALUE|CONCURRENTLY|^(BEGIN|COMMIT)\b", re.MULTILINE)


def truth(url: str, base: Base, case: Case, number: int) -> str:
    """What becomes of the code of before: safe, or why not, or that Postgres refuses the migration.

    In a transaction that is taken back where the migration allows that, else in a copy.
    """
    name = f"case_{number}"
    if number % 10 == 0:  # what was taken back stays in the catalogue until then
        with psycopg.connect(url + base.name, autocommit=True) as database:
            database.execute("VACUUM")
    with psycopg.connect(f"{url}postgres", autocommit=True) as admin:
        if not OWN_TRANSACTION.search(case.migration):
            with psycopg.connect(url + base.name) as database:
                for sequence, last in base.sequences:  # they know no transactions
                    database.execute("SELECT setval(%s, %s)", (sequence, last))
                found = _try(database, base, case)
                database.rollback()
                return found
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{base.name}"'.encode())
        try:
            with psycopg.connect(url + name, autocommit=True) as database:
                return _try(database, base, case)
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _try(database: psycopg.Connection[Any], base: Base, case: Case) -> str:
    try:
        database.execute(case.migration.encode())
    except psycopg.Error as error:
        return f"refused: {str(error).splitlines()[0]}"
    new_code.write(database, base.tables, tables_of(database), case.new_code)
    answers = old_code.ask(database, base.queries, base.tables)
    for query, before, now in zip(base.queries, base.answers, answers, strict=True):
        if why := old_code.trouble(query, before, now):
            return why
    return f"known: {case.unsafe_because}" if case.unsafe_because else "safe"


def main() -> int:
    """Measure; 1 where the schema check is wrong too often, or is not what was recorded."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus")
    parser.add_argument("--record", action="store_true", help="keep the truth for the unit tests")
    parser.add_argument("--show", default="", help="only the cases with this in their name")
    chosen = parser.parse_args()
    began = time.monotonic()
    cases = [case for case in every_case() if chosen.show in case.name]
    with server() as url:
        bases = {name: Base(url, name) for name in HISTORIES}
        found = [truth(url, bases[case.base], case, n) for n, case in enumerate(cases)]
    verdicts: Counter[str] = Counter()
    recorded: dict[str, str] = {}
    wrong: list[str] = []
    for case, why in zip(cases, found, strict=True):
        (classified,) = classify_migrations({"1": case.migration}, HISTORIES[case.base])
        if why.startswith("refused"):
            verdicts["refused"] += 1
            print(f"refused by Postgres: {case.name}: {why}")
            continue
        really = "safe" if why == "safe" else "unsafe"
        recorded[case.name] = really
        verdicts[f"{really}, called {'safe' if classified.safe else 'unsafe'}"] += 1
        if classified.safe and really == "unsafe":
            wrong.append(f"FALSE SAFE: {case.name}: {why}\n{case.migration}")
        if not classified.safe and really == "safe":
            print(f"false alarm: {case.name}: {'; '.join(classified.reasons)}")
        if chosen.show:
            print(f"{case.name}: {why}; classified: {'; '.join(classified.reasons) or 'safe'}")
    print(*wrong, sep="\n")
    return _summary(verdicts, recorded, chosen.record, bool(chosen.show), time.monotonic() - began)


def _summary(
    verdicts: Counter[str], recorded: dict[str, str], record: bool, part: bool, seconds: float
) -> int:
    harmless = verdicts["safe, called safe"] + verdicts["safe, called unsafe"]
    harmful = verdicts["unsafe, called safe"] + verdicts["unsafe, called unsafe"]
    alarms, missed = verdicts["safe, called unsafe"], verdicts["unsafe, called safe"]
    rate = alarms / max(harmless, 1)
    print(f"{harmless + harmful} migrations in {seconds:.0f} s: {harmless} harmless, {harmful} not")
    print(f"false safe:  {missed} of {harmful}")
    print(f"false alarm: {alarms} of {harmless} ({rate:.1%}; allowed: {FALSE_ALARMS_ALLOWED:.0%})")
    if part:
        return int(missed > 0)
    if record:
        TRUTH.write_text(json.dumps(recorded, indent=0, sort_keys=True) + "\n")
    kept = json.loads(TRUTH.read_text())
    if kept != recorded:
        changed = sorted(name for name in kept | recorded if kept.get(name) != recorded.get(name))
        print(f"other than recorded, keep it with --record: {', '.join(changed)}")
    enough = harmless + harmful >= AT_LEAST
    return int(missed > 0 or rate >= FALSE_ALARMS_ALLOWED or kept != recorded or not enough)


if __name__ == "__main__":
    sys.exit(main())
