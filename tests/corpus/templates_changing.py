"""Templates of migrations that change or take away what was there."""

from __future__ import annotations

import random

from tests.corpus.vocabulary import COLUMNS, CONSTRAINTS, ENUMS, INDEXES


def dropped_index(r: random.Random, base: str) -> str:
    name = r.choice(INDEXES[base])
    return f'-- DropIndex\nDROP INDEX "{name}";\n'


def renamed_index(r: random.Random, base: str) -> str:
    name = r.choice(INDEXES[base])
    return f'-- RenameIndex\nALTER INDEX "{name}" RENAME TO "{name}_2";\n'


def renamed_key(r: random.Random, base: str) -> str:
    table, name = r.choice(CONSTRAINTS[base])
    return f'-- RenameForeignKey\nALTER TABLE "{table}" RENAME CONSTRAINT "{name}" TO "{name}_2";\n'


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


def rewritten_rows(r: random.Random, base: str) -> str:
    table, column, value = {
        "campaigns": ("users", "name", "upper(\"name\") || '!'"),
        "shop": ("Product", "title", "'New: ' || \"title\""),
        "teams": ("Document", "body", "\"body\" || '.'")}[base]  # fmt: skip
    return f'UPDATE "{table}" SET "{column}" = {value};\n'
