CREATE TABLE "rejection_notes" (
	"tenant" text NOT NULL,
	"key" uuid NOT NULL,
	"note" text NOT NULL,
	"noted_by" text NOT NULL,
	"noted_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "rejection_notes_tenant_key_pk" PRIMARY KEY("tenant","key")
);
--> statement-breakpoint
ALTER TABLE "agent_track" ADD COLUMN "demo" boolean DEFAULT false NOT NULL;