CREATE OR REPLACE FUNCTION text_of(p_id int) RETURNS text STABLE LANGUAGE sql
SET search_path = awkward, pg_temp AS $$ SELECT a.text FROM awkward a WHERE a.id = p_id $$;
