CREATE TABLE "saved_filters" (
	"tenant" text NOT NULL,
	"account_id" text NOT NULL,
	"list" text NOT NULL,
	"name" text NOT NULL,
	"query" text NOT NULL,
	"saved_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "saved_filters_tenant_account_id_list_name_pk" PRIMARY KEY("tenant","account_id","list","name")
);
--> statement-breakpoint
CREATE TABLE "traffic_hours" (
	"tenant" text NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"kind" text NOT NULL,
	"region_id" text NOT NULL,
	"count" integer NOT NULL,
	"demo" boolean DEFAULT false NOT NULL,
	CONSTRAINT "traffic_hours_tenant_hour_kind_region_id_pk" PRIMARY KEY("tenant","hour","kind","region_id")
);
--> statement-breakpoint
CREATE INDEX "traffic_hours_by_kind" ON "traffic_hours" USING btree ("tenant","kind","hour");