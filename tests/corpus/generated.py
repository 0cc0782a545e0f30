"""Migrations as Prisma writes them, made from templates of many kinds with a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from tests.corpus.case import Case

SEED: Final = 20250101
COUNT: Final = 360

TEXTS: Final = {
    "campaigns": ["users", "campaigns", "responses", "shifts"],
    "shop": ["Customer", "Product", "Order", "Review"],
    "teams": ["Team", "Account", "Membership", "Document"],
}
KEY_TYPES: Final = {
    "users": "TEXT", "campaigns": "INTEGER", "responses": "INTEGER", "shifts": "INTEGER",
    "Customer": "UUID", "Product": "INTEGER", "Order": "INTEGER", "Review": "INTEGER",
    "Team": "TEXT", "Account": "TEXT", "Membership": "INTEGER", "Document": "BIGINT",
}  # fmt: skip
ENUMS: Final = {
    "campaigns": ("UserRole", "users", "role"),
    "shop": ("OrderState", "Order", "state"),
    "teams": ("MemberRole", "Membership", "role"),
}
COLUMNS: Final = {
    "campaigns": [("users", "name"), ("campaigns", "description"), ("responses", "message"),
                  ("shifts", "note"), ("campaigns", "goal"), ("users", "active")],
    "shop": [("Customer", "phone"), ("Product", "stock"), ("Order", "comment"),
             ("Review", "text"), ("Product", "published"), ("Order", "total")],
    "teams": [("Team", "metadata"), ("Account", "locale"), ("Document", "body"),
              ("Membership", "acceptedAt"), ("Document", "size"), ("Account", "displayName")],
}  # fmt: skip
INDEXES: Final = {
    "campaigns": ["campaigns_status_idx", "shifts_campaign_id_idx", "users_email_key"],
    "shop": ["Order_customerId_idx", "Review_productId_stars_idx", "Product_sku_key"],
    "teams": ["Membership_accountId_idx", "Document_teamId_title_idx",
              "Membership_teamId_accountId_key"],
}  # fmt: skip
CONSTRAINTS: Final = {
    "campaigns": [("campaigns", "campaigns_owner_id_fkey"), ("shifts", "shifts_campaign_id_fkey")],
    "shop": [("Order", "Order_customerId_fkey"), ("OrderLine", "OrderLine_productId_fkey")],
    "teams": [("Membership", "Membership_teamId_fkey"), ("Document", "Document_parentId_fkey")],
}
NOUNS: Final = """Note Badge Invite Event Label Token Session Attachment Comment Reminder Region
    Partner Export Webhook Subscription Survey Answer Device Channel Bookmark Draft Setting Audit
    Upload Visit"""
PLAIN: Final = [
    ("TEXT", ""), ("TEXT", " NOT NULL DEFAULT ''"), ("INTEGER", " NOT NULL DEFAULT 0"),
    ("BOOLEAN", " NOT NULL DEFAULT false"), ("TIMESTAMP(3)", ""), ("JSONB", ""),
    ("TIMESTAMP(3)", " NOT NULL DEFAULT CURRENT_TIMESTAMP"), ("DECIMAL(10,2)", " DEFAULT 0.5"),
    ("TEXT[]", " DEFAULT ARRAY['USER']::TEXT[]"), ("TEXT[]", ""), ("BIGINT", ""),
    ("DOUBLE PRECISION", " NOT NULL DEFAULT 1.5"), ("JSONB", " NOT NULL DEFAULT '{}'"),
    ("UUID", " NOT NULL DEFAULT gen_random_uuid()"), ("VARCHAR(40)", " DEFAULT 'none'"),
    ("DATE", ""), ("INTEGER[]", " DEFAULT ARRAY[]::INTEGER[]"), ("BYTEA", ""),
    ("SERIAL", " NOT NULL"),
]  # fmt: skip

Template = Callable[[random.Random, str], str]


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


def dropped_index(r: random.Random, base: str) -> str:
    name = r.choice(INDEXES[base])
    return f'-- DropIndex\nDROP INDEX "{name}";\n'


def renamed_index(r: random.Random, base: str) -> str:
    name = r.choice(INDEXES[base])
    return f'-- RenameIndex\nALTER INDEX "{name}" RENAME TO "{name}_2";\n'


def renamed_key(r: random.Random, base: str) -> str:
    table, name = r.choice(CONSTRAINTS[base])
    return f'-- RenameForeignKey\nALTER TABLE "{table}" RENAME CONSTRAINT "{name}" TO "{name}_2";\n'


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


def enum_replaced(r: random.Random, base: str) -> str:
    name, table, column = ENUMS[base]
    labels = {"UserRole": "'ADMIN', 'ORGANISER', 'VOLUNTEER', 'GUEST'",
              "OrderState": "'OPEN', 'PAID', 'SENT', 'LOST'",
              "MemberRole": "'OWNER', 'MEMBER', 'VIEWER'"}[name]  # fmt: skip
    return (
        f'-- AlterEnum\nBEGIN;\nCREATE TYPE "{name}_new" AS ENUM ({labels});\n'
        f'ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP DEFAULT;\n'
        f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE "{name}_new"'
        f' USING ("{column}"::text::"{name}_new");\n'
        f'ALTER TYPE "{name}" RENAME TO "{name}_old";\n'
        f'ALTER TYPE "{name}_new" RENAME TO "{name}";\n'
        f'DROP TYPE "{name}_old";\nCOMMIT;\n'
    )


def dropped_column(r: random.Random, base: str) -> str:
    table, column = r.choice(COLUMNS[base])
    return f'-- AlterTable\nALTER TABLE "{table}" DROP COLUMN "{column}";\n'


def dropped_table(_r: random.Random, base: str) -> str:
    table = {"campaigns": "responses", "shop": "Review", "teams": "Document"}[base]
    return f'-- DropTable\nDROP TABLE "{table}";\n'


def renamed_column(r: random.Random, base: str) -> str:
    table, column = r.choice(COLUMNS[base])
    return f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO "{column}2";\n'


def changed_type(r: random.Random, base: str) -> str:
    table, column = {"campaigns": ("campaigns", "goal"), "shop": ("Product", "stock"),
                     "teams": ("Document", "size")}[base]  # fmt: skip
    kind = r.choice(["DECIMAL(20,2)", "DOUBLE PRECISION", "TEXT"])
    return (
        f'-- AlterTable\nALTER TABLE "{table}" ALTER COLUMN "{column}" DROP DEFAULT,\n'
        f'ALTER COLUMN "{column}" SET DATA TYPE {kind};\n'
    )


def changed_default(r: random.Random, base: str) -> str:
    table, column, value = {
        "campaigns": ("campaigns", "goal", "7"), "shop": ("Product", "stock", "5"),
        "teams": ("Account", "locale", "'fr'")}[base]  # fmt: skip
    change = r.choice([f"SET DEFAULT {value}", "DROP DEFAULT"])
    return f'-- AlterTable\nALTER TABLE "{table}" ALTER COLUMN "{column}" {change};\n'


def required_now(r: random.Random, base: str) -> str:
    table, column = {"campaigns": ("campaigns", "description"), "shop": ("Customer", "phone"),
                     "teams": ("Membership", "acceptedAt")}[base]  # fmt: skip
    change = r.choice(["SET NOT NULL"])
    return f'-- AlterTable\nALTER TABLE "{table}" ALTER COLUMN "{column}" {change};\n'


def optional_now(r: random.Random, base: str) -> str:
    table, column = {"campaigns": ("responses", "message"), "shop": ("Product", "title"),
                     "teams": ("Document", "title")}[base]  # fmt: skip
    return f'-- AlterTable\nALTER TABLE "{table}" ALTER COLUMN "{column}" DROP NOT NULL;\n'


def dropped_key(r: random.Random, base: str) -> str:
    table, name = {"campaigns": ("responses", "responses_campaign_id_fkey"),
                   "shop": ("Review", "Review_productId_fkey"),
                   "teams": ("Membership", "Membership_teamId_fkey")}[base]  # fmt: skip
    return f'-- DropForeignKey\nALTER TABLE "{table}" DROP CONSTRAINT "{name}";\n'


def seed_of_new_table(r: random.Random, base: str) -> str:
    name = f"lookup_{r.choice(NOUNS.split()).lower()}"
    return (
        f'CREATE TABLE "{name}" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL UNIQUE);\n'
        f"INSERT INTO \"{name}\" (\"name\") VALUES ('North'), ('South') ON CONFLICT DO NOTHING;\n"
    )


def rewritten_rows(r: random.Random, base: str) -> str:
    table, column, value = {
        "campaigns": ("users", "name", "upper(\"name\") || '!'"),
        "shop": ("Product", "title", "'New: ' || \"title\""),
        "teams": ("Document", "body", "\"body\" || '.'")}[base]  # fmt: skip
    return f'UPDATE "{table}" SET "{column}" = {value};\n'


WEIGHTS: Final[dict[Template, int]] = {
    new_table: 5, new_table_with_index: 5, table_that_belongs: 8, table_that_may_belong: 5,
    table_that_keeps: 4, two_tables: 4, many_to_many: 3, new_column: 22, new_required_column: 3,
    column_filled: 4, new_relation: 6, relation_to_new_table: 5, new_index: 6, new_unique: 4,
    dropped_index: 5, renamed_index: 4, renamed_key: 2, new_enum: 5, enum_value: 5,
    enum_replaced: 2, dropped_column: 5, dropped_table: 1, renamed_column: 2, changed_type: 3,
    changed_default: 2, required_now: 2, optional_now: 2, dropped_key: 2, seed_of_new_table: 2,
    rewritten_rows: 1,
}  # fmt: skip
"""How often each kind is met, about as in projects of some years."""


def cases() -> list[Case]:
    """The same ones every time."""
    r = random.Random(SEED)  # noqa: S311 - a corpus, no secret
    found: dict[str, Case] = {}
    while len(found) < COUNT:
        base = r.choice(sorted(TEXTS))
        chosen = r.choices(list(WEIGHTS), list(WEIGHTS.values()), k=r.choice([1, 1, 1, 2]))
        text = "\n".join(template(r, base) for template in dict.fromkeys(chosen))
        kinds = "+".join(template.__name__ for template in dict.fromkeys(chosen))
        if text in [case.migration for case in found.values()]:
            continue
        name = f"{len(found):03d} {base}: {kinds.replace('_', ' ')}"
        found[name] = Case(name, base, text)
    return list(found.values())
