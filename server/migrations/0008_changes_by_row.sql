DROP INDEX "sync"."changes_by_row";--> statement-breakpoint
ALTER TABLE "sync"."changes" DROP CONSTRAINT "changes_tenant_scope_collection_row_id_pk";--> statement-breakpoint
ALTER TABLE "sync"."changes" ADD CONSTRAINT "changes_tenant_collection_row_id_scope_pk" PRIMARY KEY("tenant","collection","row_id","scope");