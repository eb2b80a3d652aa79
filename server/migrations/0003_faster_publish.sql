-- Notes that pushes begin. Their loss with the last moment before a crash of PostgreSQL costs a little care, so they need not wait for its disk.
CREATE FUNCTION sync.note_attempts(p_tenant text, p_attempts json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  INSERT INTO sync.attempts (tenant, subject, id)
  SELECT p_tenant, a.subject, a.id FROM json_to_recordset(p_attempts) AS a (subject text, id uuid);
END $$;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON sync.attempts TO ekbaar_engine;
--> statement-breakpoint
GRANT SELECT, INSERT ON sync.audit TO ekbaar_engine;
--> statement-breakpoint
DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['attempts', 'audit', 'scope_history'] LOOP
    EXECUTE format('ALTER TABLE sync.%I ENABLE ROW LEVEL SECURITY', v_table);
    EXECUTE format(
      'CREATE POLICY tenant ON sync.%I TO ekbaar_engine USING (tenant = nullif(current_setting(''ekbaar.tenant'', true), ''''))', v_table
    );
  END LOOP;
END $$;
