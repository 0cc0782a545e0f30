-- case an enum grows (campaigns)
ALTER TYPE "CampaignStatus" ADD VALUE 'ARCHIVED';
-- case an enum grows where the value is missing (shop)
ALTER TYPE "OrderState" ADD VALUE IF NOT EXISTS 'LOST' AFTER 'SENT';
-- case an enum's value is renamed (shop)
ALTER TYPE "OrderState" RENAME VALUE 'SENT' TO 'SHIPPED';
-- case an enum of its own grows (shop)
CREATE TYPE "Size" AS ENUM ('S', 'M');
ALTER TYPE "Size" ADD VALUE 'L';
ALTER TABLE "Product" ADD COLUMN "size" "Size";
-- case an enum where it is missing (teams)
DO $$ BEGIN
  CREATE TYPE "Plan" AS ENUM ('FREE', 'PAID');
EXCEPTION
  WHEN duplicate_object THEN null;
END $$;
ALTER TABLE "Team" ADD COLUMN "plan" "Plan" NOT NULL DEFAULT 'FREE';
-- case a condition instead of an exception (teams)
DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'Plan') THEN
    CREATE TYPE "Plan" AS ENUM ('FREE', 'PAID');
  END IF;
END
$$;
-- case a block that drops (teams)
DO $$ BEGIN EXECUTE 'ALTER TABLE "Team" DROP COLUMN "metadata"'; END $$;
-- case rows with keys of their own (campaigns)
INSERT INTO "campaigns" ("id", "slug", "title") VALUES (4, 'north', 'North');
-- unsafe because the next row of older code collides with it, once
-- case rows of an old table without keys (campaigns)
INSERT INTO "users" ("id", "email") SELECT 'v' || n, 'v' || n FROM generate_series(1000, 9000) n;
-- case rows of a new table (campaigns)
CREATE TABLE "regions" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL);
INSERT INTO "regions" ("name") VALUES ('North'), ('South');
UPDATE "regions" SET "name" = upper("name");
DELETE FROM "regions" WHERE "name" = 'SOUTH';
-- case rows of a new table come from an old one (campaigns)
CREATE TABLE "owners" AS SELECT DISTINCT "owner_id" AS "id", now() AS "since" FROM "campaigns";
-- case rows of a new table move a sequence of before (campaigns)
CREATE TABLE "trap" ("id" BIGINT DEFAULT setval('campaigns_id_seq', 1));
INSERT INTO "trap" DEFAULT VALUES;
-- unsafe because the next rows of older code collide with those that are there
-- case a sequence is set back (campaigns)
SELECT setval('campaigns_id_seq', 1);
-- unsafe because the next rows of older code collide with those that are there
-- case a table that keeps old rows, in one statement (campaigns)
CREATE TABLE "visits" ("id" SERIAL PRIMARY KEY, "shift_id" INTEGER NOT NULL REFERENCES "shifts"("id"));
-- case a table that goes with old rows but keeps their keys (campaigns)
CREATE TABLE "visits" ("id" SERIAL PRIMARY KEY, "shift_id" INTEGER NOT NULL REFERENCES "shifts"("id") ON DELETE CASCADE);
-- case a table that goes with old rows and follows their keys (campaigns)
CREATE TABLE "visits" ("id" SERIAL PRIMARY KEY, "shift_id" INTEGER NOT NULL REFERENCES "shifts"("id") ON DELETE CASCADE ON UPDATE CASCADE);
-- case such a table where it is missing (campaigns)
CREATE TABLE IF NOT EXISTS "visits" ("id" SERIAL PRIMARY KEY, "shift_id" INTEGER NOT NULL REFERENCES "shifts"("id") ON DELETE CASCADE ON UPDATE CASCADE);
-- case a required column that is emptied (campaigns)
CREATE TABLE "visits" ("id" SERIAL PRIMARY KEY, "shift_id" INTEGER NOT NULL REFERENCES "shifts"("id") ON DELETE SET NULL ON UPDATE CASCADE);
-- case a column that is emptied and required later (campaigns)
CREATE TABLE "visits" ("id" SERIAL PRIMARY KEY, "shift_id" INTEGER REFERENCES "shifts"("id") ON DELETE SET NULL ON UPDATE CASCADE);
ALTER TABLE "visits" ALTER COLUMN "shift_id" SET NOT NULL;
-- case a column that is set to a default that is not there (campaigns)
CREATE TABLE "visits" ("id" SERIAL PRIMARY KEY, "shift_id" INTEGER DEFAULT 77 REFERENCES "shifts"("id") ON DELETE SET DEFAULT ON UPDATE CASCADE);
-- case a check against emptying (campaigns)
CREATE TABLE "visits" ("id" SERIAL PRIMARY KEY, "shift_id" INTEGER REFERENCES "shifts"("id") ON DELETE SET NULL ON UPDATE CASCADE, "place" TEXT, CHECK ("shift_id" IS NOT NULL));
-- case a check of something else (campaigns)
CREATE TABLE "visits" ("id" SERIAL PRIMARY KEY, "shift_id" INTEGER REFERENCES "shifts"("id") ON DELETE SET NULL ON UPDATE CASCADE, "hours" INTEGER CHECK ("hours" > 0));
-- case a chain that ends in a key that keeps (shop)
CREATE TABLE "Cart" ("id" SERIAL PRIMARY KEY, "customerId" UUID NOT NULL REFERENCES "Customer"("id") ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE "CartItem" ("id" SERIAL PRIMARY KEY, "cartId" INTEGER NOT NULL REFERENCES "Cart"("id") ON DELETE RESTRICT ON UPDATE CASCADE);
-- new code: DELETE FROM "OrderLine"; DELETE FROM "Order" WHERE "id" = 1
-- unsafe because customers without orders could be deleted before
-- case a chain of keys that let go (teams)
CREATE TABLE "Folder" ("id" SERIAL PRIMARY KEY, "teamId" TEXT NOT NULL REFERENCES "Team"("id") ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE "File" ("id" SERIAL PRIMARY KEY, "folderId" INTEGER NOT NULL REFERENCES "Folder"("id") ON DELETE CASCADE ON UPDATE CASCADE);
-- case a chain back to old rows (teams)
CREATE TABLE "Folder" ("id" SERIAL PRIMARY KEY, "accountId" TEXT NOT NULL REFERENCES "Account"("id") ON DELETE CASCADE ON UPDATE CASCADE);
ALTER TABLE "Document" ADD COLUMN "folderId" INTEGER REFERENCES "Folder"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- case a chain of moving keys (teams)
CREATE TABLE "Profile" ("accountId" TEXT PRIMARY KEY REFERENCES "Account"("id") ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE "Picture" ("id" SERIAL PRIMARY KEY, "profileId" TEXT REFERENCES "Profile"("accountId") ON DELETE CASCADE);
-- case a trigger that refuses (teams)
CREATE TABLE "Seat" ("id" SERIAL PRIMARY KEY, "teamId" TEXT NOT NULL REFERENCES "Team"("id") ON DELETE CASCADE ON UPDATE CASCADE);
CREATE FUNCTION "refuse"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER "keep" BEFORE DELETE ON "Seat" FOR EACH ROW EXECUTE FUNCTION "refuse"();
-- case a trigger on a table that nobody reaches (teams)
CREATE TABLE "Log" ("id" SERIAL PRIMARY KEY, "text" TEXT);
CREATE FUNCTION "refuse"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER "keep" BEFORE DELETE ON "Log" FOR EACH ROW EXECUTE FUNCTION "refuse"();
-- case a trigger on an old table (teams)
CREATE FUNCTION "shout"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW."title" = upper(NEW."title"); RETURN NEW; END $$;
CREATE TRIGGER "shout" BEFORE INSERT OR UPDATE ON "Document" FOR EACH ROW EXECUTE FUNCTION "shout"();
-- case a rule on an old table (teams)
CREATE RULE "nothing" AS ON DELETE TO "Document" DO INSTEAD NOTHING;
-- case a key for an old column (campaigns)
ALTER TABLE "responses" ADD COLUMN "shift_id" INTEGER;
ALTER TABLE "responses" ADD CONSTRAINT "to_shift" FOREIGN KEY ("shift_id") REFERENCES "shifts"("id") ON DELETE SET NULL ON UPDATE CASCADE;
-- case a key over an old and a new column (teams)
CREATE UNIQUE INDEX "Document_id_teamId" ON "Document"("id", "teamId");
ALTER TABLE "Membership" ADD COLUMN "documentId" BIGINT;
ALTER TABLE "Membership" ADD CONSTRAINT "f" FOREIGN KEY ("documentId", "teamId") REFERENCES "Document"("id", "teamId") ON DELETE CASCADE ON UPDATE CASCADE;
-- case a new table is divided (campaigns)
CREATE TABLE "log" ("at" DATE NOT NULL, "text" TEXT) PARTITION BY RANGE ("at");
CREATE TABLE "log_2025" PARTITION OF "log" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX "log_at_idx" ON "log"("at");
-- case a table like another (campaigns)
CREATE TABLE "old_users" (LIKE "users" INCLUDING ALL);
-- case a table inherits (campaigns)
CREATE TABLE "guests" ("host" TEXT) INHERITS ("users");
-- new code: INSERT INTO "guests" ("id", "email", "name") VALUES ('guest', 'v1', NULL)
-- unsafe because rows of the new table are rows of the old one, without its unique keys
-- case views, comments, schemas, roles (campaigns)
CREATE VIEW "active" AS SELECT "id" FROM "users" WHERE "active";
CREATE MATERIALIZED VIEW "totals" AS SELECT count(*) AS n FROM "users";
COMMENT ON TABLE "users" IS 'DROP TABLE "users";';
CREATE SCHEMA "reporting";
GRANT SELECT ON "active" TO PUBLIC;
-- case a transaction with settings (campaigns)
BEGIN;
SET LOCAL lock_timeout = '5s';
LOCK TABLE "users" IN ACCESS EXCLUSIVE MODE;
ALTER TABLE "users" ADD COLUMN "phone" TEXT;
COMMIT;
ANALYZE "users";
-- case a table of the session hides one of before (campaigns)
CREATE TEMP TABLE "users" ("id" TEXT);
DELETE FROM "public"."users";
-- case statistics over columns (campaigns)
CREATE STATISTICS "of_users" ON "active", "role" FROM "users";
-- case everything that is published (campaigns)
ALTER TABLE "users" REPLICA IDENTITY NOTHING;
CREATE PUBLICATION "everything" FOR ALL TABLES;
-- case rights are taken away (campaigns)
REVOKE ALL ON "users" FROM PUBLIC;
-- unsafe because the application may have had them by that
