-- Compares the database with what a process knows of it: p_generation and p_mark_time, or NULL for a
-- process that has not seen it yet. With p_beat it moves the mark forward.
--
-- The database was restored if its mark is older than the known one, or if it is on another cluster
-- or timeline than before. A new timeline also begins when a standby is promoted. p_trust_failover
-- takes it for that if this process saw the database shortly before its last mark: then what is
-- missing, if anything, is shorter than that.
--
-- A restore gets a new generation in the transaction that also stops what would be done again:
-- after_restore() of the service, if it has one.
CREATE OR REPLACE FUNCTION observe_database(
  p_generation text, p_mark_time timestamptz, p_trust_failover bool, p_beat bool,
  OUT generation text, OUT mark_time timestamptz, OUT restore_time timestamptz,
  OUT restored_to timestamptz, OUT restored bool, OUT moved bool)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  d database_mark;
  v_server text;
  v_known bool;
BEGIN
  IF pg_is_in_recovery() THEN
    RAISE EXCEPTION 'the database is a standby' USING ERRCODE = 'cannot_connect_now';
  END IF;
  -- The name of a WAL file begins with the timeline, which pg_control_checkpoint() shows only after
  -- the next checkpoint.
  v_server := format('%s/%s', (SELECT s.system_identifier FROM pg_control_system() s),
                     left(pg_walfile_name(pg_current_wal_lsn()), 8));
  SELECT m.* INTO STRICT d FROM database_mark m;
  IF p_beat OR d.server <> v_server OR d.generation::text = p_generation AND d.mark_time < p_mark_time
  THEN
    SELECT m.* INTO STRICT d FROM database_mark m FOR UPDATE;
  END IF;
  v_known := coalesce(d.generation::text = p_generation, false);
  moved := d.server NOT IN ('', v_server);
  restored := v_known AND d.mark_time < p_mark_time
              OR moved AND NOT (v_known AND p_trust_failover
                                AND d.mark_time - p_mark_time < interval '1 minute');
  IF restored THEN
    restored_to := d.mark_time;
    d.generation := gen_random_uuid();
    IF to_regprocedure('after_restore(timestamptz)') IS NOT NULL THEN
      EXECUTE 'SELECT after_restore($1)' USING restored_to;
    END IF;
    UPDATE database_mark m
       SET generation = d.generation, restore_time = clock_timestamp(), restored_to = d.mark_time;
  END IF;
  IF p_beat OR restored OR d.server <> v_server THEN
    UPDATE database_mark m
       SET server = v_server, mark_time = greatest(clock_timestamp(), m.mark_time, p_mark_time);
  END IF;
  SELECT m.generation::text, m.mark_time, m.restore_time, m.restored_to
    INTO generation, mark_time, restore_time, restored_to FROM database_mark m;
END $$;
