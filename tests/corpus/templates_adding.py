"""Templates of migrations that add something."""

from __future__ import annotations

import random

from tests.corpus.vocabulary import COLUMNS, ENUMS, KEY_TYPES, NOUNS, PLAIN, TEXTS


def _name(table: str) -> str:
    return table[0].lower() + table[1:]


def _table(r: random.Random, base: str) -> tuple[str, str]:
    noun = r.choice(NOUNS.split())
    name = f"{noun.lower()}s" if base == "campaigns" else noun
    key = r.choice(['"id" SERIAL NOT NULL', '"id" TEXT NOT NULL', '"id" UUID NOT NULL'])
    lines = [key]
    for number, (kind, rest) in enumerate(r.sample(PLAIN, r.randint(1, 5))):
        required = " NOT NULL" if not rest and r.random() < 0.5 else rest
        lines.append(f'"field{number}" {kind}{required}')
    body = ",\n    ".join(lines)
    made = (
        f'-- CreateTable\nCREATE TABLE "{name}" (\n    {body},\n\n'
        f'    CONSTRAINT "{name}_pkey" PRIMARY KEY ("id")\n);\n'
    )
    return name, made


def _reference(
    r: random.Random, base: str, child: str, action: str, *, required: bool, old: bool = False
) -> tuple[str, str]:
    """ADD COLUMN (or its definition) and the foreign key."""
    parent = r.choice(TEXTS[base])
    column = f"{_name(parent)}Ref"
    kind = KEY_TYPES[parent] + (" NOT NULL" if required else "")
    add = f'ALTER TABLE "{child}" ADD COLUMN "{column}" {kind};\n'
    return add, _key(child, f"{child}_{column}_fkey", column, parent, action)


def _key(child: str, name: str, column: str, parent: str, action: str) -> str:
    return (
        f'\n-- AddForeignKey\nALTER TABLE "{child}" ADD CONSTRAINT "{name}" FOREIGN KEY'
        f' ("{column}") REFERENCES "{parent}"("id") ON DELETE {action} ON UPDATE CASCADE;\n'
    )


def new_table(r: random.Random, base: str) -> str:
    return _table(r, base)[1]


def new_table_with_index(r: random.Random, base: str) -> str:
    name, made = _table(r, base)
    unique = r.choice(["", "UNIQUE "])
    ending = "key" if unique else "idx"
    return (
        f'{made}\n-- CreateIndex\nCREATE {unique}INDEX "{name}_f_{ending}" ON "{name}"("field0");\n'
    )


def table_that_belongs(r: random.Random, base: str) -> str:
    name, made = _table(r, base)
    add, key = _reference(r, base, name, "CASCADE", required=True)
    return made + add + key


def table_that_may_belong(r: random.Random, base: str) -> str:
    name, made = _table(r, base)
    add, key = _reference(r, base, name, "SET NULL", required=False)
    return made + add + key


def table_that_keeps(r: random.Random, base: str) -> str:
    name, made = _table(r, base)
    add, key = _reference(r, base, name, "RESTRICT", required=True)
    return made + add + key


def two_tables(r: random.Random, base: str) -> str:
    first, made = _table(r, base)
    second, more = first, ""
    while second == first:
        second, more = _table(r, base)
    kind = "INTEGER" if '"id" SERIAL' in made else "UUID" if '"id" UUID' in made else "TEXT"
    action = r.choice(["CASCADE", "SET NULL", "RESTRICT"])
    link = f'ALTER TABLE "{second}" ADD COLUMN "ownerRef" {kind};\n'
    link += _key(second, f"{second}_ownerRef_fkey", "ownerRef", first, action)
    add, key = _reference(r, base, first, r.choice(["CASCADE", "SET NULL"]), required=False)
    return made + more + link + add + key


def many_to_many(r: random.Random, base: str) -> str:
    one, two = r.sample(TEXTS[base], 2)
    name = f"_{one}To{two}"
    text = (
        f'-- CreateTable\nCREATE TABLE "{name}" (\n    "A" {KEY_TYPES[one]} NOT NULL,\n'
        f'    "B" {KEY_TYPES[two]} NOT NULL,\n\n'
        f'    CONSTRAINT "{name}_AB_pkey" PRIMARY KEY ("A","B")\n);\n'
        f'\n-- CreateIndex\nCREATE INDEX "{name}_B_index" ON "{name}"("B");\n'
    )
    for letter, parent in (("A", one), ("B", two)):
        text += _key(name, f"{name}_{letter}_fkey", letter, parent, "CASCADE")
    return text


def new_column(r: random.Random, base: str) -> str:
    table = r.choice(TEXTS[base])
    parts = []
    for number, (kind, rest) in enumerate(r.sample(PLAIN, r.randint(1, 3))):
        parts.append(f'ADD COLUMN     "extra{number}" {kind}{rest}')
    changes = ",\n".join(parts)
    return f'-- AlterTable\nALTER TABLE "{table}" {changes};\n'


def new_required_column(r: random.Random, base: str) -> str:
    kind = r.choice(["TEXT", "INTEGER", "JSONB", "TIMESTAMP(3)"])
    table = r.choice(TEXTS[base])
    # On rows that are there it takes a default, which goes again.
    default = {"TEXT": "''", "INTEGER": "0", "JSONB": "'{}'", "TIMESTAMP(3)": "now()"}[kind]
    return (
        f'-- AlterTable\nALTER TABLE "{table}" ADD COLUMN "must" {kind}'
        f" NOT NULL DEFAULT {default};\n"
        f'ALTER TABLE "{table}" ALTER COLUMN "must" DROP DEFAULT;\n'
    )


def column_filled(r: random.Random, base: str) -> str:
    table, column = r.choice(COLUMNS[base])
    return (
        f'-- AlterTable\nALTER TABLE "{table}" ADD COLUMN "copy" TEXT;\n\n'
        f'UPDATE "{table}" SET "copy" = "{column}"::text WHERE "{column}" IS NOT NULL;\n'
    )


def new_relation(r: random.Random, base: str) -> str:
    table = r.choice(TEXTS[base])
    action = r.choice(["SET NULL", "SET NULL", "SET NULL", "CASCADE", "RESTRICT"])
    add, key = _reference(r, base, table, action, required=False, old=True)
    return "-- AlterTable\n" + add + key


def relation_to_new_table(r: random.Random, base: str) -> str:
    name, made = _table(r, base)
    kind = "INTEGER" if '"id" SERIAL' in made else "UUID" if '"id" UUID' in made else "TEXT"
    table = r.choice(TEXTS[base])
    action = r.choice(["SET NULL", "RESTRICT", "CASCADE"])
    return (
        f'-- AlterTable\nALTER TABLE "{table}" ADD COLUMN "{_name(name)}Id" {kind};\n\n{made}'
        + _key(table, f"{table}_{name}_fkey", f"{_name(name)}Id", name, action)
    )


def new_index(r: random.Random, base: str) -> str:
    table, column = r.choice(COLUMNS[base])
    return f'-- CreateIndex\nCREATE INDEX "{table}_{column}_idx" ON "{table}"("{column}");\n'


def new_unique(r: random.Random, base: str) -> str:
    table, column = r.choice(COLUMNS[base][:4])
    return (
        f'-- CreateIndex\nCREATE UNIQUE INDEX "{table}_{column}_id_key" ON "{table}"("{column}");\n'
        if r.random() < 0.3 and (table, column) not in (("Team", "metadata"),)
        else f'-- AlterTable\nALTER TABLE "{table}" ADD COLUMN "code" TEXT;\n'
        f'\n-- CreateIndex\nCREATE UNIQUE INDEX "{table}_code_key" ON "{table}"("code");\n'
    )


def new_enum(r: random.Random, base: str) -> str:
    table = r.choice(TEXTS[base])
    labels = r.sample(["LOW", "NORMAL", "HIGH", "URGENT"], 3)
    values = ", ".join(f"'{label}'" for label in labels)
    rest = r.choice(["", f" NOT NULL DEFAULT '{labels[0]}'"])
    return (
        f'-- CreateEnum\nCREATE TYPE "Priority" AS ENUM ({values});\n\n'
        f'-- AlterTable\nALTER TABLE "{table}" ADD COLUMN     "priority" "Priority"{rest};\n'
    )


def enum_value(r: random.Random, base: str) -> str:
    name, _table_name, _column = ENUMS[base]
    value = r.choice(["OTHER", "GUEST", "PAUSED"])
    return f"-- AlterEnum\nALTER TYPE \"{name}\" ADD VALUE '{value}';\n"


def seed_of_new_table(r: random.Random, base: str) -> str:
    name = f"lookup_{r.choice(NOUNS.split()).lower()}"
    return (
        f'CREATE TABLE "{name}" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL UNIQUE);\n'
        f"INSERT INTO \"{name}\" (\"name\") VALUES ('North'), ('South') ON CONFLICT DO NOTHING;\n"
    )
