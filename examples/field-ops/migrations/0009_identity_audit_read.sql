-- The engine's role, under which exports are read, cannot read what is kept of signing in. This much of it it may: the events
-- of the tenant that the transaction is of, and nothing to write.
CREATE VIEW "identity_audit_of_tenant" WITH (security_barrier) AS
  SELECT * FROM "identity_audit" WHERE "tenant" = nullif(current_setting('ekbaar.tenant', true), '');
--> statement-breakpoint
GRANT SELECT ON "identity_audit_of_tenant" TO ekbaar_engine;
