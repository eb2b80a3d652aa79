-- Pokes live for seconds and losing one loses nothing: without a log they cost no flush, and wait for no standby.
ALTER TABLE sync.pokes SET UNLOGGED;
--> statement-breakpoint
-- Thousands come and go while few are there.
ALTER TABLE sync.pokes SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
--> statement-breakpoint
ALTER TABLE sync.pokes ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY tenant ON sync.pokes TO ekbaar_engine USING (tenant = nullif(current_setting('ekbaar.tenant', true), ''));
