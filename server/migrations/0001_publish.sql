-- Every write of a tracked table leaves a mark here, whoever writes. Arguments of the trigger: collection, id column, tenant column.
CREATE FUNCTION sync.mark() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  -- An empty origin is every program but the engine, which names each of its transactions.
  v_origin text := coalesce(current_setting('ekbaar.origin', true), '');
  v_source text;
BEGIN
  v_source := CASE TG_OP
    WHEN 'INSERT' THEN 'SELECT * FROM new_rows'
    WHEN 'UPDATE' THEN 'SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows'
    WHEN 'DELETE' THEN 'SELECT * FROM old_rows'
    WHEN 'TRUNCATE' THEN format('SELECT * FROM %I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME)
  END;
  EXECUTE format(
    'INSERT INTO sync.dirty (tenant, collection, row_id, origin) SELECT DISTINCT %I::text, $1, %I::text, $2 FROM (%s) touched',
    TG_ARGV[2], TG_ARGV[1], v_source
  ) USING TG_ARGV[0], v_origin;
  RETURN NULL;
END $$;
--> statement-breakpoint
-- The scopes that the given rows are in now, as their columns say.
CREATE FUNCTION sync.membership(p_tenant text, p_collections text[], p_rows text[])
RETURNS TABLE (collection text, row_id text, scope text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  v_table record;
BEGIN
  FOR v_table IN
    SELECT t.collection, t.scopes_query, array_agg(u.row_id) AS rows
    FROM sync.tracked t JOIN unnest(p_collections, p_rows) AS u (collection, row_id) ON u.collection = t.collection
    GROUP BY t.collection, t.scopes_query
  LOOP
    RETURN QUERY EXECUTE v_table.scopes_query USING p_tenant, v_table.rows;
  END LOOP;
END $$;
--> statement-breakpoint
-- Turns marks into versions: those of one engine transaction (p_origin), or up to p_limit committed ones of anybody.
-- Returns the scopes that moved. Marks go first, then all scopes concerned are locked in sorted order, and only then,
-- in later statements with snapshots of their own, are rows and lines read: whoever held a scope before has committed by then.
CREATE FUNCTION sync.publish(p_tenant text, p_origin text, p_limit integer)
RETURNS TABLE (scope text, version bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  v_collections text[];
  v_rows text[];
  v_needed text[];
  v_locked text[];
BEGIN
  IF p_origin IS NOT NULL THEN
    WITH gone AS (DELETE FROM sync.dirty d WHERE d.tenant = p_tenant AND d.origin = p_origin RETURNING d.collection, d.row_id)
    SELECT array_agg(g.collection), array_agg(g.row_id) INTO v_collections, v_rows FROM (SELECT DISTINCT * FROM gone) g;
  ELSE
    WITH marks AS (
      SELECT d.id FROM sync.dirty d WHERE d.tenant = p_tenant ORDER BY d.id LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (
      DELETE FROM sync.dirty d USING marks m WHERE d.tenant = p_tenant AND d.id = m.id RETURNING d.collection, d.row_id
    )
    SELECT array_agg(g.collection), array_agg(g.row_id) INTO v_collections, v_rows FROM (SELECT DISTINCT * FROM gone) g;
  END IF;
  IF v_rows IS NULL THEN
    RETURN;
  END IF;

  LOOP
    BEGIN
      v_locked := sync.scopes_concerned(p_tenant, v_collections, v_rows);
      -- One statement makes missing heads and locks the others, both in sorted order: WHERE false locks without writing.
      INSERT INTO sync.scopes AS s (tenant, scope) SELECT p_tenant, n FROM unnest(v_locked) n ORDER BY n
      ON CONFLICT ON CONSTRAINT scopes_tenant_scope_pk DO UPDATE SET version = s.version WHERE false;
      v_needed := sync.scopes_concerned(p_tenant, v_collections, v_rows);
      IF NOT v_needed <@ v_locked THEN
        RAISE EXCEPTION USING ERRCODE = 'EK001', MESSAGE = 'the set of scopes grew';
      END IF;
      EXIT;
    EXCEPTION WHEN SQLSTATE 'EK001' THEN
      NULL; -- the locks went with the savepoint; once more with the larger set
    END;
  END LOOP;

  RETURN QUERY
  WITH now_in AS MATERIALIZED (
    -- Only what is locked: a row that moved since has another mark, which publishes the rest.
    SELECT DISTINCT m.collection, m.row_id, m.scope FROM sync.membership(p_tenant, v_collections, v_rows) m
    WHERE m.scope = ANY (v_locked)
  ), was_in AS MATERIALIZED (
    SELECT c.scope, c.collection, c.row_id, c.tag
    FROM sync.changes c JOIN unnest(v_collections, v_rows) AS u (collection, row_id)
      ON c.collection = u.collection AND c.row_id = u.row_id
    WHERE c.tenant = p_tenant AND c.tag <> 0 AND c.scope = ANY (v_locked)
  ), lines AS MATERIALIZED (
    SELECT coalesce(n.scope, w.scope) AS scope, coalesce(n.collection, w.collection) AS collection, coalesce(n.row_id, w.row_id) AS row_id,
      CASE WHEN n.row_id IS NULL THEN 0 ELSE 1 + floor(random() * 4294967295)::bigint END AS tag,
      coalesce(w.tag, 0) AS old_tag
    FROM now_in n FULL JOIN was_in w ON n.scope = w.scope AND n.collection = w.collection AND n.row_id = w.row_id
  ), bumped AS (
    UPDATE sync.scopes s SET version = s.version + 1, rows = s.rows + l.rows, checksum = s.checksum + l.checksum
    FROM (
      SELECT x.scope, sum(sign(x.tag) - sign(x.old_tag))::bigint AS rows, sum(x.tag - x.old_tag)::bigint AS checksum
      FROM lines x GROUP BY x.scope
    ) l
    WHERE s.tenant = p_tenant AND s.scope = l.scope
    RETURNING s.scope, s.version
  ), written AS (
    INSERT INTO sync.changes AS c (tenant, scope, collection, row_id, version, tag)
    SELECT p_tenant, l.scope, l.collection, l.row_id, b.version, l.tag FROM lines l JOIN bumped b ON b.scope = l.scope
    ON CONFLICT ON CONSTRAINT changes_tenant_scope_collection_row_id_pk DO UPDATE SET version = excluded.version, tag = excluded.tag
  )
  SELECT b.scope, b.version FROM bumped b;
END $$;
--> statement-breakpoint
-- Sorted: the scopes that the given rows are in now or were in when last published.
CREATE FUNCTION sync.scopes_concerned(p_tenant text, p_collections text[], p_rows text[])
RETURNS text[] LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT coalesce(array_agg(x.scope ORDER BY x.scope), '{}') FROM (
    SELECT m.scope FROM sync.membership(p_tenant, p_collections, p_rows) m
    UNION
    SELECT c.scope FROM sync.changes c JOIN unnest(p_collections, p_rows) AS u (collection, row_id)
      ON c.collection = u.collection AND c.row_id = u.row_id
    WHERE c.tenant = p_tenant AND c.tag <> 0
  ) x
$$;
--> statement-breakpoint
INSERT INTO sync.settings (name, value) VALUES ('epoch', gen_random_uuid()::text);
--> statement-breakpoint
-- The role under which the engine's transactions run: it owns nothing and row-level security binds it.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ekbaar_engine') THEN
    CREATE ROLE ekbaar_engine NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- another database of the same server made it just now
END $$;
--> statement-breakpoint
DO $$ BEGIN
  -- A superuser may take any role. Whoever else made the role since PostgreSQL 16 is its member without the right to take it.
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT ekbaar_engine TO %I', current_user);
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  NULL; -- granted by an administrator, or else the server says at its start what is missing
END $$;
--> statement-breakpoint
GRANT USAGE ON SCHEMA sync TO ekbaar_engine;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON sync.clients, sync.slots, sync.receipts, sync.once, sync.halts TO ekbaar_engine;
--> statement-breakpoint
GRANT SELECT ON sync.scopes, sync.changes, sync.settings TO ekbaar_engine;
--> statement-breakpoint
DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['clients', 'slots', 'receipts', 'once', 'halts', 'scopes', 'changes', 'dirty'] LOOP
    EXECUTE format('ALTER TABLE sync.%I ENABLE ROW LEVEL SECURITY', v_table);
    EXECUTE format(
      'CREATE POLICY tenant ON sync.%I TO ekbaar_engine USING (tenant = nullif(current_setting(''ekbaar.tenant'', true), ''''))', v_table
    );
  END LOOP;
END $$;
