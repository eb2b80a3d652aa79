CREATE TABLE "sync"."attempts" (
	"tenant" text NOT NULL,
	"subject" text NOT NULL,
	"id" uuid NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "attempts_tenant_subject_id_pk" PRIMARY KEY("tenant","subject","id")
);
--> statement-breakpoint
CREATE TABLE "sync"."audit" (
	"tenant" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "sync"."audit_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"details" json,
	CONSTRAINT "audit_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "sync"."pokes" (
	"tenant" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "sync"."pokes_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"node" uuid NOT NULL,
	"scopes" json NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pokes_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "sync"."scope_history" (
	"tenant" text NOT NULL,
	"scope" text NOT NULL,
	"version" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "scope_history_tenant_scope_version_pk" PRIMARY KEY("tenant","scope","version")
);
--> statement-breakpoint
ALTER TABLE "sync"."receipts" ADD COLUMN "claims" json;--> statement-breakpoint
ALTER TABLE "sync"."receipts" ADD COLUMN "retried_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sync"."receipts" ADD COLUMN "closed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "sync"."receipts" ADD COLUMN "close_reason" text;--> statement-breakpoint
ALTER TABLE "sync"."tracked" ADD COLUMN "filled" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "sync"."tracked" ADD COLUMN "filled_to" text;--> statement-breakpoint
CREATE INDEX "audit_by_subject" ON "sync"."audit" USING btree ("tenant","subject","id");--> statement-breakpoint
CREATE INDEX "pokes_in_order" ON "sync"."pokes" USING btree ("id");--> statement-breakpoint
CREATE INDEX "scope_history_by_time" ON "sync"."scope_history" USING btree ("tenant","at");--> statement-breakpoint
CREATE INDEX "changes_tombstones" ON "sync"."changes" USING btree ("tenant","scope","version") WHERE tag = 0;--> statement-breakpoint
CREATE INDEX "receipts_dead" ON "sync"."receipts" USING btree ("tenant","server_at","key") WHERE status = 'dead' and closed_at is null;