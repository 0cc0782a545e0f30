"""What the generated migrations speak of: the old schemas' tables and columns, and new names."""

from __future__ import annotations

from typing import Final

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
