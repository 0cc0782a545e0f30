-- case a list of texts with a default (teams)
ALTER TABLE "Account" ADD COLUMN "flags" TEXT[] DEFAULT ARRAY['USER']::TEXT[];
-- case a column added where it is missing (teams)
ALTER TABLE IF EXISTS "Account" ADD COLUMN IF NOT EXISTS "bio" TEXT;
-- case a random default (campaigns)
-- unsafe because the default is computed anew for every row, and nobody here says by what
ALTER TABLE "users" ADD COLUMN "dice" INTEGER NOT NULL DEFAULT (random() * 6)::int;
-- case a default that is too long for its column (shop)
ALTER TABLE "Product" ADD COLUMN "short" VARCHAR(5) DEFAULT gen_random_uuid()::text::varchar(5);
-- unsafe because it is cut off, which only people can tell
-- case a uuid that does not fit (shop)
TRUNCATE "OrderLine", "Review", "Product";
ALTER TABLE "Product" ADD COLUMN "short" VARCHAR(5) DEFAULT gen_random_uuid();
-- case a generated column (shop)
ALTER TABLE "Product" ADD COLUMN "ratio" INTEGER GENERATED ALWAYS AS (100 / ("stock" + 1000)) STORED;
-- unsafe because it divides by what older code writes
-- case a check of a new column (shop)
ALTER TABLE "Product" ADD COLUMN "weight" INTEGER CHECK ("weight" IS NOT NULL OR "stock" < 1000);
-- case a check of an old column (shop)
ALTER TABLE "Product" ADD CONSTRAINT "stock_small" CHECK ("stock" < 1000);
-- case a check that is not validated (shop)
ALTER TABLE "Product" ADD CONSTRAINT "stock_small" CHECK ("stock" < 1000) NOT VALID;
-- case a domain that wants a value (campaigns)
CREATE DOMAIN filled AS TEXT CHECK (VALUE IS NOT NULL);
DELETE FROM "shifts";
ALTER TABLE "shifts" ADD COLUMN "place" filled;
-- case a sequence that ends (campaigns)
CREATE SEQUENCE "short" MAXVALUE 3;
ALTER TABLE "shifts" ADD COLUMN "number" INTEGER DEFAULT nextval('short');
-- case a sequence of its own (campaigns)
CREATE SEQUENCE "shift_numbers";
ALTER TABLE "shifts" ADD COLUMN "number" INTEGER NOT NULL DEFAULT nextval('shift_numbers');
-- case a default that Postgres does not try (shop)
ALTER TABLE "Product" ADD COLUMN "short" VARCHAR(3);
ALTER TABLE "Product" ALTER COLUMN "short" SET DEFAULT 'too long';
-- case required with a default, the default goes (shop)
ALTER TABLE "Product" ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'x';
ALTER TABLE "Product" ALTER COLUMN "kind" DROP DEFAULT;
-- case optional with a default, the default goes (shop)
ALTER TABLE "Product" ADD COLUMN "kind" TEXT DEFAULT 'x';
ALTER TABLE "Product" ALTER COLUMN "kind" DROP DEFAULT;
-- case filled, then required (shop)
ALTER TABLE "Product" ADD COLUMN "kind" TEXT;
UPDATE "Product" SET "kind" = "title";
ALTER TABLE "Product" ALTER COLUMN "kind" SET NOT NULL;
-- case a new column is required in a new table (campaigns)
CREATE TABLE "a" ("id" INT, "b" TEXT);
ALTER TABLE "a" ALTER COLUMN "b" SET NOT NULL;
-- case unique over a new column with a uuid (teams)
ALTER TABLE "Team" ADD COLUMN "publicId" UUID NOT NULL DEFAULT gen_random_uuid();
CREATE UNIQUE INDEX "Team_publicId_key" ON "Team"("publicId");
-- case unique over a new column with a default (teams)
DELETE FROM "Team" WHERE "slug" <> 'v0';
ALTER TABLE "Team" ADD COLUMN "rank" INTEGER NOT NULL DEFAULT 1;
CREATE UNIQUE INDEX "Team_rank_key" ON "Team"("rank");
-- case unique over an old and a new column (teams)
ALTER TABLE "Document" ADD COLUMN "path" TEXT;
CREATE UNIQUE INDEX "Document_teamId_path_key" ON "Document"("title", "path");
-- case unique where nulls collide (teams)
DELETE FROM "Document" WHERE "id" > 1;
ALTER TABLE "Document" ADD COLUMN "path" TEXT;
CREATE UNIQUE INDEX "Document_path_key" ON "Document"("path") NULLS NOT DISTINCT;
-- case unique where an old column says so (campaigns)
ALTER TABLE "users" ADD COLUMN "badge" INTEGER;
CREATE UNIQUE INDEX "users_badge_key" ON "users"("badge") WHERE "active";
-- new code: UPDATE "users" SET "badge" = 1, "active" = "email" = (SELECT min("email") FROM "users")
-- case a rule over new columns only (teams)
ALTER TABLE "Document" ADD COLUMN "path" TEXT, ADD COLUMN "depth" INTEGER;
ALTER TABLE "Document" ADD CONSTRAINT "Document_path_depth_key" UNIQUE ("path", "depth");
-- case an index that computes what all values have (teams)
CREATE INDEX "Account_mail" ON "Account" (lower("email")) WHERE "locale" <> 'de';
-- case an index that computes what some values have not (teams)
CREATE INDEX "Account_name" ON "Account" ((length("displayName") / (length("displayName") - 5)));
-- unsafe because a name of five letters has no such value
-- case an index over json texts (teams)
CREATE INDEX "Team_plan" ON "Team" (("metadata" ->> 'plan'));
-- case an index over numbers in json (teams)
CREATE INDEX "Team_seats" ON "Team" ((("metadata" ->> 'seats')::int));
-- unsafe because no text that is no number can be written any more
-- case a search index (teams)
CREATE INDEX "Document_search" ON "Document" USING gin (to_tsvector('english', "title" || ' ' || "body"));
-- case a unique index by hand (shop)
CREATE UNIQUE INDEX "one_review" ON "Review" ("productId", "text");
-- case an exclusion (shop)
ALTER TABLE "Review" ADD CONSTRAINT "one_text" EXCLUDE USING btree ("text" WITH =);
-- case a plain index goes (shop)
DROP INDEX IF EXISTS "Order_customerId_idx";
-- case a unique index goes (shop)
DROP INDEX "Product_sku_key";
-- case a plain and a unique index go (teams)
DROP INDEX "Document_teamId_title_idx", "Membership_teamId_accountId_key";
-- case an index is replaced by a wider one (teams)
DROP INDEX "Document_teamId_title_idx";
CREATE INDEX "Document_teamId_title_id_idx" ON "Document"("teamId", "title", "id");
-- case an index is renamed (teams)
ALTER INDEX "Document_teamId_title_idx" RENAME TO "Document_team_title";
-- case a table is renamed as if it were an index (teams)
ALTER INDEX "Document" RENAME TO "Paper";
-- case storage settings (teams)
ALTER TABLE "Document" ALTER COLUMN "body" SET STATISTICS 500;
ALTER TABLE "Document" ALTER COLUMN "body" SET STORAGE EXTERNAL;
-- case a column is renamed and another takes its name (teams)
ALTER TABLE "Account" RENAME COLUMN "displayName" TO "fullName";
ALTER TABLE "Account" ADD COLUMN "displayName" TEXT NOT NULL DEFAULT '';
-- case a wider number (teams)
ALTER TABLE "Membership" ALTER COLUMN "id" SET DATA TYPE BIGINT;
-- case a list becomes json (campaigns)
ALTER TABLE "responses" ALTER COLUMN "tags" TYPE JSONB USING to_jsonb("tags");
-- case rights of rows (teams)
ALTER TABLE "Team" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "Team" FORCE ROW LEVEL SECURITY;
-- unsafe because the application's own role is no superuser, unlike the one that asks here
-- case rights of a new table's rows (teams)
CREATE TABLE "Secret" ("id" SERIAL PRIMARY KEY, "text" TEXT);
ALTER TABLE "Secret" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "nobody" ON "Secret" USING (false);
