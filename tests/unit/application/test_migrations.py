"""Migrations are safe only where the code of before goes on working after them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.application.migrations import classify_migration, classify_migrations

SAMPLE = Path(__file__).resolve().parents[3] / "sample"


def reasons(sql: str) -> tuple[str, ...]:
    judged = classify_migration("20250101000000_change", sql)
    assert judged.safe == (not judged.reasons)
    return judged.reasons


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "-- This is an empty migration.",
        'CREATE TABLE "a" ("id" SERIAL NOT NULL, CONSTRAINT "a_pkey" PRIMARY KEY ("id"));',
        'CREATE TABLE "a" ("id" INT); CREATE UNIQUE INDEX "a_id_key" ON "a"("id");',
        'CREATE TABLE a (id INT, b_id INT); ALTER TABLE "public"."a" ADD CONSTRAINT "f" '
        'FOREIGN KEY ("b_id") REFERENCES "b"("id") ON DELETE CASCADE ON UPDATE CASCADE;',
        "CREATE TYPE \"Role\" AS ENUM ('ADMIN', 'DROP TABLE users');",
        'CREATE SEQUENCE s; CREATE EXTENSION IF NOT EXISTS "pgcrypto"; CREATE SCHEMA x;',
        'CREATE INDEX CONCURRENTLY IF NOT EXISTS "i" ON "a" USING gin ("tags");',
        "ALTER TABLE a ADD COLUMN b TEXT",
        "ALTER TABLE IF EXISTS ONLY a ADD b TEXT NULL",
        "ALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT ''",
        'ALTER TABLE a ADD COLUMN b "Role" NOT NULL DEFAULT \'USER\'::"Role"',
        "ALTER TABLE a ADD COLUMN b TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,\n"
        "  ADD COLUMN c TEXT[] DEFAULT ARRAY[]::TEXT[], ADD COLUMN d DECIMAL(65,30) DEFAULT -1.5",
        "ALTER TABLE a ADD COLUMN b UUID NOT NULL DEFAULT gen_random_uuid()",
        "ALTER TABLE a ADD COLUMN b SERIAL NOT NULL",
        "ALTER TABLE a ADD COLUMN type TEXT",
        'ALTER TABLE a ADD COLUMN b TEXT; CREATE UNIQUE INDEX "a_b_key" ON a(b);',
        "ALTER TABLE a ADD COLUMN b INT; ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) "
        "REFERENCES c(id) ON DELETE SET NULL ON UPDATE CASCADE;",
        "ALTER TYPE \"Role\" ADD VALUE IF NOT EXISTS 'GUEST' BEFORE 'USER'",
        "CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1;",
        "COMMENT ON TABLE a IS 'drops everything; DROP TABLE a'",
        "INSERT INTO regions (name) VALUES ('DELETE FROM x; --'), (E'it\\'s; DROP TABLE a')",
        "INSERT INTO regions (name) VALUES ($tag$ ; DROP TABLE a; $tag$) ON CONFLICT DO NOTHING",
        "BEGIN; ALTER TABLE a ADD b TEXT; UPDATE a SET b = c || 'x' WHERE c IS NOT NULL; COMMIT;",
        "SET lock_timeout = '5s'",
        "/* DROP TABLE a; /* nested */ still a comment; */ CREATE TABLE b (id INT)",
    ],
)
def test_what_only_adds_is_safe(sql: str) -> None:
    assert reasons(sql) == ()


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ('ALTER TABLE "campaigns" DROP COLUMN "description"', "drops column campaigns.description"),
        ("alter table public.campaigns drop description", "drops column campaigns.description"),
        ('DROP TABLE IF EXISTS "a", b', "drops table a, b"),
        ("DROP INDEX CONCURRENTLY i", "drops index i"),
        ("ALTER TABLE a DROP CONSTRAINT a_fkey", "removes rule a_fkey of a"),
        ("ALTER TABLE a ALTER COLUMN b SET DATA TYPE BIGINT", "changes the type of a.b"),
        ("ALTER TABLE a ALTER b TYPE BIGINT", "changes the type of a.b"),
        ("ALTER TABLE a RENAME b TO c", "renames column a.b"),
        ("ALTER TABLE a RENAME TO c", "renames table a to c"),
        ("ALTER INDEX a RENAME TO b", "renames index a"),
        ("ALTER TYPE t RENAME VALUE 'a' TO 'b'", "renames type t"),
        ("ALTER TABLE a ADD b TEXT NOT NULL", "adds a required column a.b without default"),
        ("ALTER TABLE a ADD b TEXT DEFAULT NULL NOT NULL", "adds a required column a.b"),
        ("ALTER TABLE a ADD b TEXT DEFAULT risky()", "default that is not a plain value"),
        ("ALTER TABLE a ADD b INT DEFAULT 1 UNIQUE", "default must be unique"),
        ("ALTER TABLE a ADD b INT CHECK (b > c)", "with a check"),
        ("ALTER TABLE a ADD b INT REFERENCES c ON DELETE CASCADE", "lets deleting from c"),
        ("ALTER TABLE a ALTER b SET NOT NULL", "makes a.b required"),
        ("ALTER TABLE a ALTER b DROP NOT NULL", "lets a.b be empty"),
        ("ALTER TABLE a ALTER b DROP DEFAULT", "takes the default of a.b away"),
        ("ALTER TABLE a ALTER b SET DEFAULT 3", "changes the default of a.b"),
        ("ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0)", "adds a rule to existing table a"),
        ("ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c(id)", "existing rows of a"),
        ("CREATE UNIQUE INDEX i ON a(b)", "makes values of a unique"),
        ("CREATE TABLE IF NOT EXISTS a (b INT); CREATE UNIQUE INDEX i ON a(b)", "unique"),
        ("ALTER TABLE a ADD b INT; CREATE UNIQUE INDEX i ON a(b) NULLS NOT DISTINCT", "unique"),
        ("ALTER TABLE a ADD b INT; UPDATE a SET b = 1, c = 2", "rewrites rows of a (UPDATE)"),
        ("UPDATE a SET b = 1", "rewrites rows of a (UPDATE)"),
        ("DELETE FROM a", "deletes rows of a"),
        ("TRUNCATE TABLE a", "empties table a"),
        ("INSERT INTO a VALUES (1) ON CONFLICT (b) DO UPDATE SET c = 1", "rewrites rows"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "replaces view v"),
        ("WITH x AS (DELETE FROM a RETURNING b) INSERT INTO c SELECT * FROM x", "not understood"),
        ("DO $$ BEGIN DROP TABLE a; END $$", "not understood: DO $$ BEGIN DROP TABLE a; END $$"),
        ("SELECT setval('s', 1)", "not understood: SELECT setval('s', 1)"),
        ("SET search_path = other", "not understood"),
        ("CREATE TABLE a (b INT) INHERITS (c)", "not understood"),
        ("CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f()", "not understood"),
        ("SELECT 'it never ends", "cannot be read: the string that begins in line 1 never ends"),
        ("\n/* open", "the comment that begins in line 2 never ends"),
    ],
)
def test_what_the_code_of_before_would_trip_over_is_unsafe_and_says_why(
    sql: str, reason: str
) -> None:
    found = reasons(sql)
    assert len(found) == 1
    assert reason in found[0]


def test_a_statement_that_is_not_understood_is_quoted_with_its_first_sixty_characters() -> None:
    (reason,) = reasons("CREATE   FUNCTION\n f() " + "x" * 100)
    assert reason == "has a statement that is not understood: CREATE FUNCTION f() " + "x" * 40 + "…"


def test_every_reason_is_given_once_and_in_order() -> None:
    assert reasons("UPDATE a SET b = 1; DROP TABLE c; UPDATE a SET b = 2;") == (
        "rewrites rows of a (UPDATE)",
        "drops table c",
    )


def test_several_migrations_are_judged_in_the_order_of_their_names() -> None:
    judged = classify_migrations({"2_b": "DROP TABLE a", "1_a": "CREATE TABLE a (id INT)"})
    assert [(item.name, item.safe) for item in judged] == [("1_a", True), ("2_b", False)]


def test_the_releases_of_the_sample_are_judged_as_their_authors_meant_them() -> None:
    judged = {
        path.parent.name: classify_migration(path.parent.name, path.read_text())
        for path in SAMPLE.rglob("migration.sql")
    }
    assert judged["20250106090000_init"].safe
    assert judged["20250210090000_campaign_taglines"].safe
    assert judged["20250310090000_drop_descriptions"].reasons == (
        "drops column campaigns.description",
        "drops table campaign_responses",
    )


HARMLESS = [
    "CREATE TABLE t (id INT)",
    "ALTER TABLE u ADD COLUMN c TEXT",
    "INSERT INTO t VALUES ('x')",
    "COMMENT ON TABLE t IS 'y'",
    "CREATE INDEX i ON u (c)",
]
HARMFUL = [
    ["DROP", "TABLE", '"users"'],
    ["DROP", "TYPE", "role"],
    ["ALTER", "TABLE", '"users"', "DROP", "COLUMN", '"email"'],
    ["ALTER", "TABLE", "t", "DROP", "id"],
    ["ALTER", "TABLE", "users", "RENAME", "COLUMN", "a", "TO", "b"],
    ["ALTER", "TABLE", "t", "RENAME", "TO", "b"],
    ["ALTER", "TABLE", "users", "ADD", "x", "INT", ",", "ALTER", "a", "TYPE", "BIGINT"],
    ["ALTER", "TABLE", "t", "ALTER", "COLUMN", "id", "SET", "DATA", "TYPE", "TEXT"],
    ["TRUNCATE", "users"],
    ["DELETE", "FROM", "users"],
    ["DO", "$x$BEGIN DROP TABLE users; END$x$"],
    ["EXECUTE", "'DROP TABLE users'"],
]
GAPS = st.sampled_from([" ", "\n", "\t", " /* a ; ' */ ", " -- it's\n", "\r\n", "/*/* $$ */*/ "])
NOISE = st.text(alphabet='abc ;$\n-*/"DROPTABLE', max_size=20)
CASES = st.sampled_from([str.lower, str.upper, str.title])


@st.composite
def formatted(draw: st.DrawFn, words: list[str]) -> str:
    written = [word if word[0] in "\"'$" else draw(CASES)(word) for word in words]
    text = written[0]
    for word in written[1:]:
        text += draw(GAPS) + word
    return text


@st.composite
def scripts_with_harm(draw: st.DrawFn) -> str:
    around = st.lists(st.sampled_from(HARMLESS), max_size=3)
    statements = [*draw(around), draw(formatted(draw(st.sampled_from(HARMFUL)))), *draw(around)]
    return draw(GAPS) + (draw(GAPS) + ";" + draw(GAPS)).join(statements)


@given(scripts_with_harm())
def test_something_taken_away_is_never_safe_however_it_is_written(sql: str) -> None:
    assert not classify_migration("x", sql).safe


@given(NOISE, st.sampled_from(["line", "block", "string", "escaped", "dollar"]))
def test_what_stands_in_comments_and_strings_does_not_matter(noise: str, where: str) -> None:
    harmful = f"DROP TABLE users; {noise}"
    values = "INSERT INTO t VALUES "
    hidden = {
        "line": "-- " + harmful.replace("\n", " ") + "\n",
        "block": "/* " + harmful.replace("*", " ").replace("/", " ") + " */",
        "string": values + "('" + harmful + "');",
        "escaped": values + "(E'\\'" + harmful + "');",
        "dollar": values + "($q$" + harmful.replace("$", "") + "$q$);",
    }[where]
    assert classify_migration("x", f"{hidden} CREATE TABLE t (id INT);").safe


@given(st.text())
def test_any_text_at_all_is_judged_without_an_error(text: str) -> None:
    judged = classify_migration("x", text)
    assert judged.safe == (not judged.reasons)
