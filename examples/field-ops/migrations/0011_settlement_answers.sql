ALTER TABLE "settlement_decisions" ADD COLUMN "extra_paise" bigint;--> statement-breakpoint
ALTER TABLE "settlement_decisions" ADD COLUMN "returned_paise" bigint;--> statement-breakpoint
ALTER TABLE "settlement_decisions" ADD COLUMN "refusal" text;--> statement-breakpoint
ALTER TABLE "settlement_items" ADD COLUMN "content" text;--> statement-breakpoint
ALTER TABLE "settlement_items" ADD COLUMN "refusals" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE "settlement_items" i SET "content" = l."content" FROM "settlement_lines" l
WHERE i."key" IS NOT NULL AND l."tenant" = i."tenant" AND l."run_id" = i."run_id" AND l."no" = i."line_no";--> statement-breakpoint
UPDATE "settlement_decisions" d SET "extra_paise" = i."extra_paise", "returned_paise" = i."returned_paise" FROM "settlement_items" i
WHERE i."tenant" = d."tenant" AND i."run_id" = d."run_id" AND i."disbursement_id" = d."disbursement_id" AND i."item_group" = d."item_group"
	AND i."bank_ref" IS NOT DISTINCT FROM d."bank_ref" AND i."our_paise" = d."our_paise" AND i."bank_paise" IS NOT DISTINCT FROM d."bank_paise";
