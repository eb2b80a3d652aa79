-- The collection `receipts` is the engine's own: receipts that operations changed, in the scope of the actor whose they
-- are. No trigger marks them, or every push would: whoever changes one calls sync.mark_receipt.
INSERT INTO sync.tracked (collection, table_name, scopes_query, definition) VALUES (
  'receipts', '"sync"."receipts"',
  'SELECT ''receipts''::text, t.key::text, ''actor:'' || t.actor FROM sync.receipts t '
    'WHERE t.tenant = $1 AND t.key = ANY ($2::text[]::uuid[]) AND (t.retried_at IS NOT NULL OR t.closed_at IS NOT NULL)',
  'built in'
);
--> statement-breakpoint
-- Leaves the mark of a receipt that has changed, as sync.mark does for tracked tables.
CREATE FUNCTION sync.mark_receipt(p_tenant text, p_key uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  INSERT INTO sync.dirty (tenant, collection, row_id, origin)
  VALUES (p_tenant, 'receipts', p_key::text, coalesce(current_setting('ekbaar.origin', true), ''))
$$;
