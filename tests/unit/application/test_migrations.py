"""Migrations are safe only where the code of before goes on working after them."""

from pathlib import Path

import pytest

from bunker.application.migrations import classify_migrations

SAMPLE = Path(__file__).resolve().parents[3] / "sample"


def reasons(sql: str) -> tuple[str, ...]:
    classified = classify_migrations({"20250101000000_change": sql})[0]
    assert classified.safe == (not classified.reasons)
    return classified.reasons


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
        "CREATE TYPE \"Role\" AS ENUM ('USER'); ALTER TYPE \"Role\" ADD VALUE 'GUEST'",
        "CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1;",
        "COMMENT ON TABLE a IS 'drops everything; DROP TABLE a'",
        "CREATE TABLE regions (name TEXT);"
        " INSERT INTO regions VALUES ('DELETE FROM x; --'), (E'it\\'s; DROP TABLE a');"
        " INSERT INTO regions VALUES ($tag$ ; DROP TABLE a; $tag$) ON CONFLICT DO NOTHING;"
        " UPDATE regions SET name = upper(name); DELETE FROM regions WHERE name = 'X'",
        "ALTER TABLE users ADD COLUMN roles TEXT[] DEFAULT ARRAY['USER']::TEXT[]",
        "CREATE TABLE a (id INT, b TEXT); ALTER TABLE a ALTER COLUMN b SET NOT NULL;",
        "CREATE INDEX i ON a (b); DROP INDEX i",
        'ALTER INDEX "users_email_key" RENAME TO "users_mail_key"',
        'ALTER TABLE "users" RENAME CONSTRAINT "a_fkey" TO "b_fkey"',
        "CREATE TABLE log (at DATE) PARTITION BY RANGE (at);"
        " CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
        "DO $$ BEGIN CREATE TYPE \"Role\" AS ENUM ('USER');"
        " EXCEPTION WHEN duplicate_object THEN null; END $$",
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'r') THEN"
        " CREATE TYPE r AS ENUM ('A'); END IF; END $$",
        "ALTER TABLE a ADD COLUMN code UUID NOT NULL DEFAULT gen_random_uuid();"
        " CREATE UNIQUE INDEX a_code_key ON a (code)",
        "CREATE INDEX i ON a (lower(b)) WHERE deleted_at IS NULL AND state = 'OPEN'",
        "CREATE TABLE a (id INT, b_id INT REFERENCES b (id) ON DELETE SET NULL ON UPDATE CASCADE)",
        "CREATE TABLE IF NOT EXISTS a (b_id INT NOT NULL REFERENCES b (id)"
        " ON DELETE CASCADE ON UPDATE CASCADE)",
        "CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (a_id INT REFERENCES a (id))",
        "ALTER TABLE a ADD COLUMN b INT; CREATE TABLE b (id INT PRIMARY KEY);"
        " ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES b (id) ON DELETE RESTRICT",
        "CREATE TABLE a (id INT); ALTER TABLE a ENABLE ROW LEVEL SECURITY;"
        " CREATE POLICY p ON a USING (true); GRANT SELECT ON a TO reader",
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$",
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
        ("CREATE UNIQUE INDEX IF NOT EXISTS i ON n.a (b)", "makes values of n.a"),
        ("CREATE INDEX IF NOT EXISTS i ON a (b); DROP INDEX i", "drops index i"),
        ("ALTER TYPE \"Role\" ADD VALUE 'GUEST'", "adds value 'GUEST' to type Role"),
        ("ALTER TYPE r ADD VALUE IF NOT EXISTS 'GUEST' BEFORE 'USER'", "adds value 'GUEST'"),
        ("INSERT INTO regions (id, name) VALUES (1, 'North')", "adds rows to regions"),
        ("CREATE TABLE IF NOT EXISTS a (b INT); INSERT INTO a VALUES (1)", "adds rows to a"),
        (
            "DO $$ BEGIN CREATE TYPE r AS ENUM ('A'); EXCEPTION WHEN duplicate_object THEN NULL;"
            " END $$; ALTER TYPE r ADD VALUE 'B'",
            "adds value 'B'",
        ),
        ("DO $$ BEGIN EXECUTE 'DROP TABLE a'; END $$", "not understood"),
        ("DO $$ BEGIN ALTER TABLE a ADD b INT NOT NULL; END $$", "adds a required column a.b"),
        ("DO $$ BEGIN IF setval('s', 1) > 0 THEN NULL; END IF; END $$", "not understood"),
        ("ALTER TABLE a ADD b INT DEFAULT random() * 10", "not a plain value"),
        ("ALTER TABLE a ADD b VARCHAR(5) DEFAULT gen_random_uuid()", "not a plain value"),
        ("ALTER TABLE a ADD b INT GENERATED ALWAYS AS (c / d) STORED", "a generated value"),
        ("CREATE SEQUENCE s MAXVALUE 1; ALTER TABLE a ADD b INT DEFAULT nextval('s')", "plain"),
        ("CREATE DOMAIN d AS TEXT NOT NULL; ALTER TABLE a ADD b d", "not every row can have"),
        ("ALTER TABLE a ADD b TEXT; ALTER TABLE a ALTER b SET DEFAULT 'x'", "changes the default"),
        ("ALTER TABLE a ADD b TEXT; CREATE UNIQUE INDEX i ON a (c, b)", "makes values of a unique"),
        ("ALTER TABLE a ADD b TEXT; CREATE UNIQUE INDEX i ON a (b) WHERE c", "values of a unique"),
        ("CREATE INDEX i ON a ((b::int))", "indexes an expression over a"),
        ("CREATE INDEX i ON a (risky(b))", "indexes an expression over a"),
        ("CREATE TABLE a (b_id INT REFERENCES b (id))", "keep rows of b from going"),
        ("CREATE TABLE a (b_id INT REFERENCES b (id) ON DELETE CASCADE)", "from changing"),
        ("CREATE TABLE IF NOT EXISTS a (b_id INT REFERENCES b (id))", "keep rows of b"),
        (
            "CREATE TABLE a (b_id INT NOT NULL); ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b_id)"
            " REFERENCES b (id) ON DELETE RESTRICT ON UPDATE CASCADE",
            "(foreign key f)",
        ),
        (
            "CREATE TABLE a (b_id INT NOT NULL REFERENCES b (id) ON DELETE SET NULL"
            " ON UPDATE CASCADE)",
            "keep rows of b from going",
        ),
        (
            "CREATE TABLE a (b_id INT REFERENCES b (id) ON DELETE SET NULL ON UPDATE CASCADE);"
            " ALTER TABLE a ALTER b_id SET NOT NULL",
            "keep rows of b from going",
        ),
        (
            "CREATE TABLE a (b_id INT CHECK (b_id IS NOT NULL) REFERENCES b (id)"
            " ON DELETE SET NULL ON UPDATE CASCADE)",
            "reaches rules of a",
        ),
        (
            "CREATE TABLE a (id INT PRIMARY KEY, b_id INT REFERENCES b (id) ON DELETE CASCADE"
            " ON UPDATE CASCADE); CREATE TABLE c (a_id INT REFERENCES a (id))",
            "rows of c keep",
        ),
        (
            "CREATE TABLE a (id INT PRIMARY KEY, b_id INT REFERENCES b (id) ON DELETE CASCADE"
            " ON UPDATE CASCADE); CREATE TRIGGER t AFTER DELETE ON a EXECUTE FUNCTION f()",
            "reaches rules of a",
        ),
        (
            "ALTER TABLE c ADD a_id INT; CREATE TABLE a (id INT PRIMARY KEY, b_id INT"
            " REFERENCES b (id) ON DELETE CASCADE ON UPDATE CASCADE); ALTER TABLE c ADD CONSTRAINT"
            " f FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE CASCADE ON UPDATE CASCADE",
            "delete rows of c",
        ),
        ("ALTER TABLE a ADD b INT REFERENCES c ON DELETE RESTRICT ON UPDATE CASCADE", "rows of c"),
        ("DROP CAST (int4 AS text)", "drops cast int4.text"),
        ("DROP TRANSFORM FOR int4 LANGUAGE sql", "drops transform int4.sql"),
        ('ALTER INDEX "users" RENAME TO "people"', "may be a table"),
        ("CREATE TEMP TABLE users (id INT)", "not understood"),
        ("CREATE FUNCTION lower(INT) RETURNS TEXT LANGUAGE sql AS 'SELECT 1'", "not understood"),
        ("CREATE EXTENSION intarray", "not understood"),
        ("CREATE PUBLICATION p FOR ALL TABLES", "not understood"),
        ("CREATE POLICY p ON a USING (false)", "limits which rows of a"),
        ("ALTER TABLE a ENABLE ROW LEVEL SECURITY", "not understood"),
        ("REVOKE SELECT ON a FROM app", "takes rights away"),
        ("BEGIN; CREATE TABLE a (id INT); ROLLBACK", "not understood: ROLLBACK"),
        ("CREATE TABLE a (id INT); ALTER TABLE a INHERIT b", "not understood"),
        (
            "CREATE TABLE a (id BIGINT DEFAULT setval('s', 1)); INSERT INTO a DEFAULT VALUES",
            "not understood: INSERT",
        ),
        ("ALTER TABLE a ADD b INT; UPDATE a SET b = setval('s', 1)", "not understood: UPDATE"),
        ("CREATE TABLE a (id INT);\0 DROP TABLE b", "not understood"),
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


def test_what_an_earlier_migration_of_the_list_made_is_new_to_the_later_ones() -> None:
    list_of_two = {
        "2_b": "ALTER TABLE a ADD b INT NOT NULL; ALTER TYPE r ADD VALUE 'B'; DELETE FROM a",
        "1_a": "CREATE TABLE a (id INT); CREATE TYPE r AS ENUM ('A')",
    }
    assert [item.safe for item in classify_migrations(list_of_two)] == [True, True]
    assert not classify_migrations({"2_b": list_of_two["2_b"]})[0].safe


def test_the_migrations_before_say_whether_an_index_is_unique() -> None:
    before = [
        'CREATE INDEX "plain" ON a (b); CREATE UNIQUE INDEX "only" ON a (c);',
        'ALTER INDEX "plain" RENAME TO "renamed"; CREATE INDEX "hidden" ON a (d);',
        "DO $$ BEGIN DROP INDEX hidden; CREATE UNIQUE INDEX hidden ON a (d); END $$;",
    ]

    def safe(sql: str, history: list[str]) -> bool:
        (classified,) = classify_migrations({"1": sql}, history)
        return classified.safe

    assert safe('DROP INDEX "renamed"', before)
    assert not safe('DROP INDEX "renamed"', [*before, "no SQL"])
    assert not any(safe(f'DROP INDEX "{name}"', before) for name in ("only", "plain", "hidden"))


def test_filling_a_new_column_is_unsafe_where_the_table_has_triggers() -> None:
    sql = {"1": "ALTER TABLE a ADD b INT; UPDATE a SET b = 1"}
    trigger = "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f()"
    assert classify_migrations(sql)[0].safe
    assert not classify_migrations(sql, [trigger])[0].safe


def test_each_statement_has_its_line_and_its_own_verdict() -> None:
    sql = "\ufeff-- first\nCREATE TABLE a (id INT);\n\n/* x */ DROP TABLE\n b;\nVACUUM a"
    (classified,) = classify_migrations({"1": sql})
    assert [(one.line, one.text, one.verdict) for one in classified.statements] == [
        (2, "CREATE TABLE a (id INT)", "safe"),
        (4, "DROP TABLE b", "unsafe"),
        (6, "VACUUM a", "not understood"),
    ]


@pytest.mark.parametrize("link", ["+1", "::int"])
def test_sql_that_nests_without_end_does_not_crash_the_parser(link: str) -> None:
    rows = "CREATE TABLE a (b INT); INSERT INTO a VALUES (0)" + ", (1)" * 5_000
    assert reasons(rows) == ()
    (reason,) = reasons("CREATE VIEW v AS SELECT 1" + link * 60_000)
    assert "not understood" in reason


def test_several_migrations_are_classified_in_the_order_of_their_names() -> None:
    classified = classify_migrations({"2_b": "DROP TABLE a", "1_a": "CREATE TABLE a (id INT)"})
    assert [(item.name, item.safe) for item in classified] == [("1_a", True), ("2_b", False)]


def test_the_releases_of_the_sample_are_classified_as_their_authors_meant_them() -> None:
    classified = {
        path.parent.name: classify_migrations({path.parent.name: path.read_text()})[0]
        for path in SAMPLE.rglob("migration.sql")
    }
    assert classified["20250106090000_init"].safe
    assert classified["20250210090000_campaign_taglines"].safe
    assert classified["20250310090000_drop_descriptions"].reasons == (
        "drops column campaigns.description",
        "drops table campaign_responses",
    )
