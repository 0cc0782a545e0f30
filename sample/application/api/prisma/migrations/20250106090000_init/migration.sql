-- First schema: who works here, what they campaign for, when they go out, what they uploaded.
CREATE TABLE "users" (
    "id" SERIAL PRIMARY KEY,
    "email" TEXT NOT NULL UNIQUE,
    "password_hash" TEXT NOT NULL,
    "role" TEXT NOT NULL DEFAULT 'volunteer',
    "active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE "campaigns" (
    "id" SERIAL PRIMARY KEY,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE "campaign_responses" (
    "id" SERIAL PRIMARY KEY,
    "campaign_id" INTEGER NOT NULL REFERENCES "campaigns"("id") ON DELETE CASCADE,
    "name" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE "shifts" (
    "id" SERIAL PRIMARY KEY,
    "title" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ NOT NULL,
    "places" INTEGER NOT NULL CHECK ("places" > 0)
);

CREATE TABLE "shift_signups" (
    "id" SERIAL PRIMARY KEY,
    "shift_id" INTEGER NOT NULL REFERENCES "shifts"("id") ON DELETE CASCADE,
    "email" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE ("shift_id", "email")
);

CREATE TABLE "canvass_sessions" (
    "id" SERIAL PRIMARY KEY,
    "user_id" INTEGER NOT NULL REFERENCES "users"("id"),
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
    "ended_at" TIMESTAMPTZ
);

CREATE TABLE "canvass_visits" (
    "id" SERIAL PRIMARY KEY,
    "session_id" INTEGER NOT NULL REFERENCES "canvass_sessions"("id"),
    "outcome" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE "addresses" (
    "id" SERIAL PRIMARY KEY,
    "address" TEXT NOT NULL UNIQUE,
    "latitude" DOUBLE PRECISION NOT NULL,
    "longitude" DOUBLE PRECISION NOT NULL
);

CREATE TABLE "uploads" (
    "id" TEXT PRIMARY KEY,
    "file_name" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL REFERENCES "users"("id"),
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT now()
);
