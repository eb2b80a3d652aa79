-- Scopes that begin with a prefix are a range of bytes, whatever the database's collation is.
CREATE INDEX scopes_by_prefix ON sync.scopes (tenant, scope text_pattern_ops);
