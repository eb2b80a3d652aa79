-- A delivery's history finds what was asked for it among all receipts of all years. What was refused is there too, with
-- arguments of any length: an index holds their beginnings only.
CREATE INDEX IF NOT EXISTS "receipts_by_delivery" ON "sync"."receipts" ("tenant", left("args" ->> 'deliveryId', 100), "server_at") WHERE ("args" ->> 'deliveryId') IS NOT NULL;
