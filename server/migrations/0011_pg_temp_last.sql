-- A schema of temporary objects that search_path does not name is searched first, for types too: whoever made a domain
-- `text` there would run its check with the rights of the owner of a function that casts to text. Of all functions,
-- generated ones among them: not every database's are made anew soon.
DO $$
DECLARE
  v_function regprocedure;
BEGIN
  FOR v_function IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'sync'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp', v_function);
  END LOOP;
END $$;
