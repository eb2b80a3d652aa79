-- The server's user takes the role ekbaar_engine for its transactions. It must not inherit it: policies for the role would
-- bind the user as well, and with it every program that signs in as it, on tables with FORCE ROW LEVEL SECURITY.
DO $$ BEGIN
  IF current_setting('server_version_num')::integer >= 160000
    AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT ekbaar_engine TO %I WITH INHERIT FALSE, SET TRUE', current_user);
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  NULL; -- granted by an administrator, whose matter it is
END $$;
