-- Marks come and go with every write, and the look for the first ones reads past those that went: a vacuum must not wait
-- for a fifth of a table that is never large.
ALTER TABLE sync.dirty SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
