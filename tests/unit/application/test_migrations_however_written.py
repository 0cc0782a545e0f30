"""A migration is classified by what it does, however it is written, and no text breaks that."""

from hypothesis import given
from hypothesis import strategies as st

from bunker.application.migrations import classify_migrations

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
    assert not classify_migrations({"x": sql})[0].safe


@given(NOISE, st.sampled_from(["line", "block", "string", "escaped", "dollar"]))
def test_what_stands_in_comments_and_strings_does_not_matter(noise: str, where: str) -> None:
    harmful = f"DROP TABLE users; {noise}"
    values = "INSERT INTO new VALUES "
    hidden = {
        "line": "-- " + harmful.replace("\n", " ") + "\n",
        "block": "/* " + harmful.replace("*", " ").replace("/", " ") + " */",
        "string": values + "('" + harmful + "');",
        "escaped": values + "(E'\\'" + harmful + "');",
        "dollar": values + "($q$" + harmful.replace("$", "") + "$q$);",
    }[where]
    made = "CREATE TABLE new (text TEXT);"
    assert classify_migrations({"x": f"{made} {hidden} CREATE TABLE t (id INT);"})[0].safe


WORDS = """CREATE ALTER TABLE TYPE INDEX UNIQUE a b ( ) , ; ADD COLUMN INT NOT NULL DEFAULT 'x'
    REFERENCES ON DELETE CASCADE DO $$ BEGIN END IF THEN PRIMARY KEY ENUM AS SELECT VALUES INSERT
    INTO UPDATE SET = 1 FROM WHERE CONSTRAINT FOREIGN CHECK PARTITION BY OF DROP TRIGGER VIEW GRANT
    TO :: [ ]"""
PIECES = st.sampled_from(WORDS.split())


@given(st.lists(PIECES, max_size=30).map(" ".join))
def test_any_words_of_the_language_are_classified_without_an_error(text: str) -> None:
    classified = classify_migrations({"x": text})[0]
    assert classified.safe == (not classified.reasons)


@given(st.text(alphabet=st.characters(codec=None)))
def test_any_text_at_all_is_classified_without_an_error(text: str) -> None:
    classified = classify_migrations({"x": text})[0]
    assert classified.safe == (not classified.reasons)
