-- Adds only: the release before this one goes on working with it.
ALTER TABLE "campaigns" ADD COLUMN "tagline" TEXT NOT NULL DEFAULT '';
CREATE INDEX "campaign_responses_campaign_id_idx" ON "campaign_responses"("campaign_id");
UPDATE "campaigns" SET "tagline" = 'Every child, every corner' WHERE "title" = 'Safe crossings';
