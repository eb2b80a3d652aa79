-- A delivery's history finds what was asked for it among all receipts of all years.
CREATE INDEX IF NOT EXISTS "receipts_by_delivery" ON "sync"."receipts" ("tenant", ("args" ->> 'deliveryId'), "server_at") WHERE ("args" ->> 'deliveryId') IS NOT NULL;
