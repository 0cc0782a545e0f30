-- CreateTable
CREATE TABLE "shifts" (
    "id" SERIAL NOT NULL,
    "campaign_id" INTEGER NOT NULL,
    "starts_at" TIMESTAMP(3) NOT NULL,
    "places" INTEGER NOT NULL DEFAULT 10,
    "note" VARCHAR(200),

    CONSTRAINT "shifts_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "shifts_campaign_id_idx" ON "shifts"("campaign_id");

-- AddForeignKey
ALTER TABLE "shifts" ADD CONSTRAINT "shifts_campaign_id_fkey" FOREIGN KEY ("campaign_id") REFERENCES "campaigns"("id") ON DELETE CASCADE ON UPDATE CASCADE;
