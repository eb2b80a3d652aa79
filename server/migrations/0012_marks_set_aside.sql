-- Turns marks into versions: those of one engine transaction (p_origin), or up to p_limit committed ones of anybody.
-- Returns the scopes that moved. A sweeper names in settings what it has set aside, and it is left out. Marks go first, then
-- their rows are locked against other publishers, and only then, in a later statement with a snapshot of its own, rows and
-- lines are read: whoever published one of them before has committed by then, and nobody else's lines of them can come before
-- ours are committed. The heads are locked last, in sorted order. One plan for all calls of a connection, and not one made
-- while a table was empty.
CREATE OR REPLACE FUNCTION sync.publish(p_tenant text, p_origin text, p_limit integer)
RETURNS TABLE (scope text, version bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
  -- What the triggers have noted of this transaction's own rows: `,["collection","id",…],[…]`.
  v_marks text;
  v_collections text[];
  v_rows text[];
  v_aside bigint[];
  v_aside_collections text[];
  -- The lines to be written, side by side. Tag 0: the row is not in that scope any more.
  v_scope text[];
  v_collection text[];
  v_row text[];
  v_tag bigint[];
  v_old_tag bigint[];
BEGIN
  IF p_origin IS NOT NULL THEN
    v_marks := substr(coalesce(nullif(current_setting('ekbaar.marks', true), '-'), ''), 2);
    -- What is written from now on, by a trigger that was deferred to the commit, is left to the sweeper.
    PERFORM set_config('ekbaar.marks', '-', true);
    WITH gone AS (
      DELETE FROM sync.dirty d WHERE d.tenant = p_tenant AND d.origin = p_origin RETURNING d.collection, d.row_id
    ), gathered AS MATERIALIZED (
      -- The name is taken out here, once for a list and not once for each of its ids.
      SELECT m.ids->>0 AS collection, m.ids FROM json_array_elements(('[' || v_marks || ']')::json) AS m (ids)
    )
    SELECT array_agg(x.collection), array_agg(x.row_id) INTO v_collections, v_rows FROM (
      SELECT g.collection, e.row_id
      FROM gathered g CROSS JOIN LATERAL json_array_elements_text(g.ids) WITH ORDINALITY AS e (row_id, place)
      WHERE e.place > 1
      UNION
      SELECT * FROM gone
    ) x;
  ELSE
    v_aside := coalesce(nullif(current_setting('ekbaar.aside', true), ''), '{}');
    v_aside_collections := ARRAY(
      SELECT json_array_elements_text(nullif(current_setting('ekbaar.aside_collections', true), '')::json)
    );
    WITH marks AS (
      SELECT d.id FROM sync.dirty d
      WHERE d.tenant = p_tenant AND d.id <> ALL (v_aside) AND d.collection <> ALL (v_aside_collections)
      ORDER BY d.id LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (
      DELETE FROM sync.dirty d USING marks m WHERE d.tenant = p_tenant AND d.id = m.id RETURNING d.collection, d.row_id
    )
    SELECT array_agg(g.collection), array_agg(g.row_id) INTO v_collections, v_rows FROM (SELECT DISTINCT * FROM gone) g;
  END IF;
  IF v_rows IS NULL THEN
    RETURN;
  END IF;

  -- A sweeper publishes rows that others may be writing, so it keeps every other publisher of them out. The engine's own
  -- rows are locked by the very writes that left the marks, so its transactions need not wait for each other. Few locks:
  -- by the row's hash.
  PERFORM CASE WHEN p_origin IS NULL
      THEN pg_advisory_xact_lock(b.class, b.bucket) ELSE pg_advisory_xact_lock_shared(b.class, b.bucket) END
  FROM (
    SELECT DISTINCT hashtext('ekbaar.publish ' || p_tenant) AS class, hashtext(u.collection || ' ' || u.row_id) & 255 AS bucket
    FROM unnest(v_collections, v_rows) AS u (collection, row_id) ORDER BY bucket
  ) b;

  WITH now_in AS MATERIALIZED (
    SELECT DISTINCT m.collection, m.row_id, m.scope FROM sync.membership(p_tenant, v_collections, v_rows) m
  ), was_in AS MATERIALIZED (
    SELECT c.scope, c.collection, c.row_id, c.tag FROM unnest(v_collections, v_rows) AS u (collection, row_id)
    JOIN sync.changes c ON c.tenant = p_tenant AND c.collection = u.collection AND c.row_id = u.row_id AND c.tag <> 0
  ), lines AS (
    SELECT coalesce(n.scope, w.scope) AS scope, coalesce(n.collection, w.collection) AS collection,
      coalesce(n.row_id, w.row_id) AS row_id, coalesce(w.tag, 0) AS old_tag,
      CASE WHEN n.row_id IS NULL THEN 0 ELSE 1 + floor(random() * 4294967295)::bigint END AS tag
    FROM now_in n FULL JOIN was_in w ON n.scope = w.scope AND n.collection = w.collection AND n.row_id = w.row_id
  )
  SELECT array_agg(l.scope), array_agg(l.collection), array_agg(l.row_id), array_agg(l.tag), array_agg(l.old_tag)
  INTO v_scope, v_collection, v_row, v_tag, v_old_tag FROM lines l;
  IF v_scope IS NULL THEN
    RETURN;
  END IF;

  -- One statement makes missing heads and locks the others, both in sorted order: WHERE false locks without writing.
  INSERT INTO sync.scopes AS s (tenant, scope) SELECT DISTINCT p_tenant, n FROM unnest(v_scope) n ORDER BY n
  ON CONFLICT ON CONSTRAINT scopes_tenant_scope_pk DO UPDATE SET version = s.version WHERE false;

  RETURN QUERY
  WITH lines AS MATERIALIZED (
    SELECT * FROM unnest(v_scope, v_collection, v_row, v_tag, v_old_tag) AS l (scope, collection, row_id, tag, old_tag)
  ), bumped AS (
    UPDATE sync.scopes s SET version = s.version + 1, rows = s.rows + l.rows, checksum = s.checksum + l.checksum
    FROM (
      SELECT x.scope, sum(sign(x.tag) - sign(x.old_tag))::bigint AS rows, sum(x.tag - x.old_tag)::bigint AS checksum
      FROM lines x GROUP BY x.scope
    ) l
    WHERE s.tenant = p_tenant AND s.scope = l.scope
    RETURNING s.scope, s.version
  ), moved AS (
    -- Lines that are there are only updated: a conflict would lock each of them first.
    UPDATE sync.changes c SET version = b.version, tag = l.tag
    FROM lines l JOIN bumped b ON b.scope = l.scope
    WHERE l.old_tag <> 0 AND c.tenant = p_tenant AND c.collection = l.collection AND c.row_id = l.row_id AND c.scope = l.scope
  ), written AS (
    INSERT INTO sync.changes AS c (tenant, scope, collection, row_id, version, tag)
    SELECT p_tenant, l.scope, l.collection, l.row_id, b.version, l.tag FROM lines l JOIN bumped b ON b.scope = l.scope
    WHERE l.old_tag = 0
    ON CONFLICT (tenant, collection, row_id, scope) DO UPDATE SET version = excluded.version, tag = excluded.tag
  )
  SELECT b.scope, b.version FROM bumped b;
END $$;
