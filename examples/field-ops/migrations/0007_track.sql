-- The track becomes one of months. What it holds already stays where it is, as the default partition: nothing is copied.
ALTER TABLE "agent_track" RENAME TO "agent_track_default";--> statement-breakpoint
ALTER TABLE "agent_track_default" DROP CONSTRAINT "agent_track_tenant_agent_id_key_pk";--> statement-breakpoint
ALTER TABLE "agent_track_default" ADD CONSTRAINT "agent_track_default_pk" PRIMARY KEY("tenant","agent_id","key","at");--> statement-breakpoint
ALTER INDEX "agent_track_by_time" RENAME TO "agent_track_default_by_time";--> statement-breakpoint
CREATE TABLE "agent_track" (
	"tenant" text NOT NULL,
	"agent_id" text NOT NULL,
	"key" uuid NOT NULL,
	"lat" double precision NOT NULL,
	"lng" double precision NOT NULL,
	"accuracy_m" double precision NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "agent_track_tenant_agent_id_key_at_pk" PRIMARY KEY("tenant","agent_id","key","at")
) PARTITION BY RANGE ("at");--> statement-breakpoint
CREATE INDEX "agent_track_by_time" ON "agent_track" USING btree ("tenant","agent_id","at");--> statement-breakpoint
ALTER TABLE "agent_track" ATTACH PARTITION "agent_track_default" DEFAULT;
