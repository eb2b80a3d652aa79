CREATE TABLE "accounts" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"role" text NOT NULL,
	"login" text NOT NULL,
	"name" text NOT NULL,
	"phone" text,
	"regions" text[] NOT NULL,
	"secret_hash" text,
	"active" boolean DEFAULT true NOT NULL,
	"must_reset" boolean DEFAULT false NOT NULL,
	"demo" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "accounts_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "identity_audit" (
	"tenant" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"id" uuid NOT NULL,
	"event" text NOT NULL,
	"actor" text,
	"subject" text NOT NULL,
	"phone_id" text,
	"address" text,
	"detail" text,
	CONSTRAINT "identity_audit_tenant_at_id_pk" PRIMARY KEY("tenant","at","id")
);
--> statement-breakpoint
CREATE TABLE "phones" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"account_id" text NOT NULL,
	"name" text NOT NULL,
	"escrow_key" text NOT NULL,
	"client_ids" text[] NOT NULL,
	"first_seen_at" timestamp (3) with time zone NOT NULL,
	"last_seen_at" timestamp (3) with time zone NOT NULL,
	"unsent" integer,
	"model" integer,
	"clock_error_ms" bigint,
	"revoked_at" timestamp (3) with time zone,
	"revoked_by" text,
	"revoked_why" text,
	CONSTRAINT "phones_tenant_id_account_id_pk" PRIMARY KEY("tenant","id","account_id")
);
--> statement-breakpoint
CREATE TABLE "reset_codes" (
	"tenant" text NOT NULL,
	"account_id" text NOT NULL,
	"code_hash" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	CONSTRAINT "reset_codes_tenant_account_id_code_hash_pk" PRIMARY KEY("tenant","account_id","code_hash")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"account_id" text NOT NULL,
	"kind" text NOT NULL,
	"phone_id" text,
	"token_hash" text NOT NULL,
	"former_hash" text,
	"version" integer DEFAULT 1 NOT NULL,
	"version_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"ended_why" text,
	CONSTRAINT "sessions_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "sign_in_tries" (
	"tenant" text NOT NULL,
	"kind" text NOT NULL,
	"key" text NOT NULL,
	"tries" integer NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"wait_until" timestamp (3) with time zone,
	CONSTRAINT "sign_in_tries_tenant_kind_key_pk" PRIMARY KEY("tenant","kind","key")
);
--> statement-breakpoint
CREATE UNIQUE INDEX "accounts_by_login" ON "accounts" USING btree ("tenant","login");--> statement-breakpoint
CREATE INDEX "identity_audit_by_subject" ON "identity_audit" USING btree ("tenant","subject","at");--> statement-breakpoint
CREATE INDEX "phones_by_account" ON "phones" USING btree ("tenant","account_id");--> statement-breakpoint
CREATE INDEX "sessions_by_account" ON "sessions" USING btree ("tenant","account_id");--> statement-breakpoint
CREATE INDEX "sessions_by_end" ON "sessions" USING btree ("tenant","ended_at");--> statement-breakpoint
CREATE INDEX "sessions_by_version" ON "sessions" USING btree ("tenant","version_at");