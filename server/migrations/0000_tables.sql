CREATE SCHEMA "sync";
--> statement-breakpoint
CREATE TABLE "sync"."changes" (
	"tenant" text NOT NULL,
	"scope" text NOT NULL,
	"collection" text NOT NULL,
	"row_id" text NOT NULL,
	"version" bigint NOT NULL,
	"tag" bigint NOT NULL,
	CONSTRAINT "changes_tenant_scope_collection_row_id_pk" PRIMARY KEY("tenant","scope","collection","row_id")
);
--> statement-breakpoint
CREATE TABLE "sync"."clients" (
	"tenant" text NOT NULL,
	"client_id" text NOT NULL,
	"actor" text NOT NULL,
	"last_mutation_id" bigint DEFAULT 0 NOT NULL,
	"acked" bigint DEFAULT 0 NOT NULL,
	"model" integer,
	"clock_error_ms" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "clients_tenant_client_id_pk" PRIMARY KEY("tenant","client_id")
);
--> statement-breakpoint
CREATE TABLE "sync"."dirty" (
	"tenant" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "sync"."dirty_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"collection" text NOT NULL,
	"row_id" text NOT NULL,
	"origin" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "dirty_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "sync"."halts" (
	"tenant" text NOT NULL,
	"key" uuid NOT NULL,
	"tries" integer NOT NULL,
	"first_at" timestamp with time zone NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	"error" text NOT NULL,
	CONSTRAINT "halts_tenant_key_pk" PRIMARY KEY("tenant","key")
);
--> statement-breakpoint
CREATE TABLE "sync"."once" (
	"tenant" text NOT NULL,
	"mutation" text NOT NULL,
	"value" text NOT NULL,
	"key" uuid NOT NULL,
	CONSTRAINT "once_tenant_mutation_value_pk" PRIMARY KEY("tenant","mutation","value")
);
--> statement-breakpoint
CREATE TABLE "sync"."receipts" (
	"tenant" text NOT NULL,
	"key" uuid NOT NULL,
	"actor" text NOT NULL,
	"role" text NOT NULL,
	"client_id" text,
	"mutation_id" bigint,
	"name" text NOT NULL,
	"args" json NOT NULL,
	"content" text NOT NULL,
	"status" text NOT NULL,
	"result" json,
	"error" json,
	"model" integer,
	"device_at" timestamp with time zone,
	"clock_error_ms" bigint,
	"server_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "receipts_tenant_key_pk" PRIMARY KEY("tenant","key")
);
--> statement-breakpoint
CREATE TABLE "sync"."scopes" (
	"tenant" text NOT NULL,
	"scope" text NOT NULL,
	"version" bigint DEFAULT 0 NOT NULL,
	"rows" bigint DEFAULT 0 NOT NULL,
	"checksum" bigint DEFAULT 0 NOT NULL,
	"floor" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "scopes_tenant_scope_pk" PRIMARY KEY("tenant","scope")
);
--> statement-breakpoint
CREATE TABLE "sync"."settings" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sync"."slots" (
	"tenant" text NOT NULL,
	"client_id" text NOT NULL,
	"id" bigint NOT NULL,
	"key" uuid NOT NULL,
	"content" text NOT NULL,
	"outcome" json,
	CONSTRAINT "slots_tenant_client_id_id_pk" PRIMARY KEY("tenant","client_id","id")
);
--> statement-breakpoint
CREATE TABLE "sync"."tracked" (
	"collection" text PRIMARY KEY NOT NULL,
	"table_name" text NOT NULL,
	"scopes_query" text NOT NULL,
	"definition" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "changes_in_order" ON "sync"."changes" USING btree ("tenant","scope","version","collection","row_id");--> statement-breakpoint
CREATE INDEX "changes_by_row" ON "sync"."changes" USING btree ("tenant","collection","row_id");--> statement-breakpoint
CREATE INDEX "dirty_by_origin" ON "sync"."dirty" USING btree ("tenant","origin");--> statement-breakpoint
CREATE INDEX "receipts_by_actor" ON "sync"."receipts" USING btree ("tenant","actor","server_at");--> statement-breakpoint
CREATE INDEX "receipts_by_time" ON "sync"."receipts" USING btree ("tenant","server_at");