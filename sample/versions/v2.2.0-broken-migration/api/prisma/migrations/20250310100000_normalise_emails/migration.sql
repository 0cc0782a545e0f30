-- The first half is committed so that the lock is short; the second half then fails.
BEGIN;
ALTER TABLE "users" ADD COLUMN "display_name" TEXT;
UPDATE "users" SET "display_name" = split_part("email", '@', 1);
COMMIT;
ALTER TABLE "users" ADD COLUMN "region_id" INTEGER REFERENCES "regions"("id");
