CREATE TABLE "incoming_events" (
	"tenant" text NOT NULL,
	"source" text NOT NULL,
	"event_id" text NOT NULL,
	"type" text NOT NULL,
	"body" jsonb NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"status" text DEFAULT 'received' NOT NULL,
	"processed_at" timestamp (3) with time zone,
	"note" text,
	CONSTRAINT "incoming_events_tenant_source_event_id_pk" PRIMARY KEY("tenant","source","event_id")
);
--> statement-breakpoint
CREATE TABLE "messages_sent" (
	"tenant" text NOT NULL,
	"id" uuid NOT NULL,
	"channel" text NOT NULL,
	"recipient" text NOT NULL,
	"body" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "messages_sent_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "outgoing_attempts" (
	"tenant" text NOT NULL,
	"message_id" uuid NOT NULL,
	"no" integer NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"outcome" text,
	"detail" text,
	"http_status" integer,
	"request" text,
	"answer" text,
	CONSTRAINT "outgoing_attempts_tenant_message_id_no_pk" PRIMARY KEY("tenant","message_id","no")
);
--> statement-breakpoint
CREATE TABLE "outgoing_messages" (
	"tenant" text NOT NULL,
	"id" uuid NOT NULL,
	"channel" text NOT NULL,
	"cause" uuid,
	"delivery_id" text,
	"mfi_id" text,
	"endpoint_id" uuid,
	"recipient" text NOT NULL,
	"body" text NOT NULL,
	"provider" text,
	"provider_id" text,
	"status" text DEFAULT 'waiting' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"last_error" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL,
	"tried_at" timestamp (3) with time zone,
	"sent_at" timestamp (3) with time zone,
	"closed_by" text,
	CONSTRAINT "outgoing_messages_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "payout_accounts" (
	"tenant" text NOT NULL,
	"agent_id" text NOT NULL,
	"destination" text NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL,
	"changed_by" text NOT NULL,
	CONSTRAINT "payout_accounts_tenant_agent_id_pk" PRIMARY KEY("tenant","agent_id")
);
--> statement-breakpoint
CREATE TABLE "payouts" (
	"tenant" text NOT NULL,
	"id" uuid NOT NULL,
	"delivery_id" text NOT NULL,
	"agent_id" text NOT NULL,
	"amount_paise" bigint NOT NULL,
	"destination" text NOT NULL,
	"status" text DEFAULT 'requested' NOT NULL,
	"provider" text,
	"provider_id" text,
	"bank_ref" text,
	"failure" text,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"status_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "payouts_tenant_id_pk" PRIMARY KEY("tenant","id"),
	CONSTRAINT "payouts_once" UNIQUE("tenant","delivery_id"),
	CONSTRAINT "payouts_amount" CHECK ("payouts"."amount_paise" > 0)
);
--> statement-breakpoint
CREATE TABLE "webhook_endpoints" (
	"tenant" text NOT NULL,
	"id" uuid NOT NULL,
	"mfi_id" text NOT NULL,
	"url" text NOT NULL,
	"events" text[] NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"disabled_reason" text,
	"failing_since" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "webhook_endpoints_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "webhook_secrets" (
	"tenant" text NOT NULL,
	"endpoint_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"secret" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	CONSTRAINT "webhook_secrets_tenant_endpoint_id_id_pk" PRIMARY KEY("tenant","endpoint_id","id")
);
--> statement-breakpoint
CREATE INDEX "incoming_events_by_time" ON "incoming_events" USING btree ("tenant","received_at");--> statement-breakpoint
CREATE INDEX "outgoing_messages_by_delivery" ON "outgoing_messages" USING btree ("tenant","delivery_id");--> statement-breakpoint
CREATE INDEX "outgoing_messages_by_time" ON "outgoing_messages" USING btree ("tenant","created_at","id");--> statement-breakpoint
CREATE INDEX "outgoing_messages_by_provider_id" ON "outgoing_messages" USING btree ("tenant","provider_id");--> statement-breakpoint
CREATE INDEX "outgoing_messages_by_endpoint" ON "outgoing_messages" USING btree ("tenant","endpoint_id","created_at");--> statement-breakpoint
CREATE INDEX "payouts_by_status" ON "payouts" USING btree ("tenant","status","status_at");--> statement-breakpoint
CREATE INDEX "payouts_by_provider_id" ON "payouts" USING btree ("tenant","provider_id");--> statement-breakpoint
CREATE INDEX "webhook_endpoints_by_mfi" ON "webhook_endpoints" USING btree ("tenant","mfi_id");