-- Takes data away: what stood here comes back from a backup only.
ALTER TABLE "campaigns" DROP COLUMN "description";
DROP TABLE "campaign_responses";
