CREATE TABLE "agent_positions" (
	"tenant" text NOT NULL,
	"agent_id" text NOT NULL,
	"lat" double precision NOT NULL,
	"lng" double precision NOT NULL,
	"accuracy_m" double precision NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"region_id" text NOT NULL,
	CONSTRAINT "agent_positions_tenant_agent_id_pk" PRIMARY KEY("tenant","agent_id")
);
--> statement-breakpoint
CREATE TABLE "agent_track" (
	"tenant" text NOT NULL,
	"agent_id" text NOT NULL,
	"key" uuid NOT NULL,
	"lat" double precision NOT NULL,
	"lng" double precision NOT NULL,
	"accuracy_m" double precision NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "agent_track_tenant_agent_id_key_pk" PRIMARY KEY("tenant","agent_id","key")
);
--> statement-breakpoint
CREATE TABLE "agents" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"phone" text NOT NULL,
	"region_id" text NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	CONSTRAINT "agents_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "day_closings" (
	"tenant" text NOT NULL,
	"agent_id" text NOT NULL,
	"date" date NOT NULL,
	"collected_paise" bigint NOT NULL,
	"disbursed_paise" bigint NOT NULL,
	"count" integer NOT NULL,
	"ledger_collected_paise" bigint NOT NULL,
	"ledger_disbursed_paise" bigint NOT NULL,
	"ledger_count" integer NOT NULL,
	"closed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "day_closings_tenant_agent_id_date_pk" PRIMARY KEY("tenant","agent_id","date")
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"agent_id" text NOT NULL,
	"region_id" text NOT NULL,
	"village" text NOT NULL,
	"pincode" text NOT NULL,
	"customer_name" text NOT NULL,
	"customer_phone" text NOT NULL,
	"mfi_id" text NOT NULL,
	"loan_id" text NOT NULL,
	"instalment_no" integer,
	"amount_paise" bigint NOT NULL,
	"due_on" date NOT NULL,
	"confirmed_at" timestamp (3) with time zone,
	"receipt_no" text,
	"fail_reason" text,
	CONSTRAINT "deliveries_tenant_id_pk" PRIMARY KEY("tenant","id"),
	CONSTRAINT "deliveries_amount" CHECK ("deliveries"."amount_paise" > 0)
);
--> statement-breakpoint
CREATE TABLE "disbursements" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"delivery_id" text NOT NULL,
	"mfi_id" text NOT NULL,
	"loan_id" text NOT NULL,
	"amount_paise" bigint NOT NULL,
	"status" text DEFAULT 'open' NOT NULL,
	"bank_ref" text,
	"reconciled_at" timestamp (3) with time zone,
	"region_id" text NOT NULL,
	CONSTRAINT "disbursements_tenant_id_pk" PRIMARY KEY("tenant","id"),
	CONSTRAINT "disbursements_by_delivery" UNIQUE("tenant","delivery_id")
);
--> statement-breakpoint
CREATE TABLE "ledger_accounts" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	CONSTRAINT "ledger_accounts_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "ledger_entries" (
	"tenant" text NOT NULL,
	"delivery_id" text NOT NULL,
	"kind" text NOT NULL,
	"account_id" text NOT NULL,
	"amount_paise" bigint NOT NULL,
	"agent_id" text NOT NULL,
	"key" uuid NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "ledger_entries_once" PRIMARY KEY("tenant","delivery_id","kind"),
	CONSTRAINT "ledger_entries_amount" CHECK ("ledger_entries"."amount_paise" > 0)
);
--> statement-breakpoint
CREATE INDEX "agent_positions_by_region" ON "agent_positions" USING btree ("tenant","region_id");--> statement-breakpoint
CREATE INDEX "agent_track_by_time" ON "agent_track" USING btree ("tenant","agent_id","at");--> statement-breakpoint
CREATE INDEX "agents_by_region" ON "agents" USING btree ("tenant","region_id");--> statement-breakpoint
CREATE INDEX "deliveries_by_agent" ON "deliveries" USING btree ("tenant","agent_id");--> statement-breakpoint
CREATE INDEX "deliveries_by_region" ON "deliveries" USING btree ("tenant","region_id","status");--> statement-breakpoint
CREATE INDEX "disbursements_by_region" ON "disbursements" USING btree ("tenant","region_id");--> statement-breakpoint
CREATE INDEX "ledger_entries_by_account" ON "ledger_entries" USING btree ("tenant","account_id");--> statement-breakpoint
CREATE INDEX "ledger_entries_by_agent" ON "ledger_entries" USING btree ("tenant","agent_id","at");