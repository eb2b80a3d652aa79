CREATE TABLE "settlement_decisions" (
	"tenant" text NOT NULL,
	"disbursement_id" text NOT NULL,
	"no" integer NOT NULL,
	"run_id" uuid NOT NULL,
	"item_group" text NOT NULL,
	"bank_ref" text,
	"our_paise" bigint NOT NULL,
	"bank_paise" bigint,
	"decision" text NOT NULL,
	"reason" text NOT NULL,
	"decided_by" text NOT NULL,
	"decided_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "settlement_decisions_tenant_disbursement_id_no_pk" PRIMARY KEY("tenant","disbursement_id","no")
);
--> statement-breakpoint
CREATE TABLE "settlement_items" (
	"tenant" text NOT NULL,
	"run_id" uuid NOT NULL,
	"disbursement_id" text NOT NULL,
	"item_group" text NOT NULL,
	"region_id" text NOT NULL,
	"mfi_id" text NOT NULL,
	"loan_id" text NOT NULL,
	"our_paise" bigint NOT NULL,
	"line_no" integer,
	"bank_ref" text,
	"bank_paise" bigint,
	"extra_paise" bigint DEFAULT 0 NOT NULL,
	"returned_paise" bigint DEFAULT 0 NOT NULL,
	"key" uuid,
	"to_post" boolean NOT NULL,
	"posted_at" timestamp (3) with time zone,
	"outcome" text,
	CONSTRAINT "settlement_items_tenant_run_id_disbursement_id_pk" PRIMARY KEY("tenant","run_id","disbursement_id")
);
--> statement-breakpoint
CREATE TABLE "settlement_lines" (
	"tenant" text NOT NULL,
	"run_id" uuid NOT NULL,
	"no" integer NOT NULL,
	"raw" text NOT NULL,
	"content" text NOT NULL,
	"kind" text NOT NULL,
	"bank_ref" text,
	"reference" text,
	"narration" text,
	"amount_paise" bigint,
	"side" text,
	"day" date,
	"disbursement_id" text,
	"line_group" text,
	"why" text,
	CONSTRAINT "settlement_lines_tenant_run_id_no_pk" PRIMARY KEY("tenant","run_id","no")
);
--> statement-breakpoint
CREATE TABLE "settlement_runs" (
	"tenant" text NOT NULL,
	"id" uuid NOT NULL,
	"file_hash" text NOT NULL,
	"file_name" text NOT NULL,
	"file_bytes" bigint NOT NULL,
	"upload_id" uuid NOT NULL,
	"uploaded_by" text NOT NULL,
	"uploaded_at" timestamp (3) with time zone NOT NULL,
	"state" text DEFAULT 'received' NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"repeats" integer DEFAULT 0 NOT NULL,
	"error" text,
	"up_to" date,
	"summary" jsonb,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "settlement_runs_tenant_id_pk" PRIMARY KEY("tenant","id"),
	CONSTRAINT "settlement_runs_by_file" UNIQUE("tenant","file_hash")
);
--> statement-breakpoint
CREATE TABLE "settlement_uploads" (
	"tenant" text NOT NULL,
	"upload_id" uuid NOT NULL,
	"part" integer NOT NULL,
	"bytes" "bytea" NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "settlement_uploads_tenant_upload_id_part_pk" PRIMARY KEY("tenant","upload_id","part")
);
--> statement-breakpoint
CREATE INDEX "settlement_items_by_group" ON "settlement_items" USING btree ("tenant","run_id","item_group","disbursement_id");--> statement-breakpoint
CREATE INDEX "settlement_items_by_disbursement" ON "settlement_items" USING btree ("tenant","disbursement_id");--> statement-breakpoint
CREATE INDEX "settlement_lines_by_group" ON "settlement_lines" USING btree ("tenant","run_id","line_group","no");--> statement-breakpoint
CREATE INDEX "settlement_lines_by_content" ON "settlement_lines" USING btree ("tenant","run_id","content","no");--> statement-breakpoint
CREATE INDEX "settlement_lines_by_disbursement" ON "settlement_lines" USING btree ("tenant","run_id","disbursement_id");--> statement-breakpoint
CREATE INDEX "settlement_runs_by_time" ON "settlement_runs" USING btree ("tenant","uploaded_at","id");--> statement-breakpoint
CREATE INDEX "settlement_uploads_by_time" ON "settlement_uploads" USING btree ("at");--> statement-breakpoint
CREATE INDEX "disbursements_by_plain_id" ON "disbursements" USING btree ("tenant",upper(regexp_replace("id", '[^A-Za-z0-9]', '', 'g')));--> statement-breakpoint
CREATE INDEX "disbursements_by_plain_loan" ON "disbursements" USING btree ("tenant",upper(regexp_replace("loan_id", '[^A-Za-z0-9]', '', 'g')));--> statement-breakpoint
CREATE INDEX "disbursements_by_status" ON "disbursements" USING btree ("tenant","status","id");