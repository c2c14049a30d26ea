-- Sums up tallies of the same minute, and minutes of days that are over.
CREATE FUNCTION compact_tallies() RETURNS void LANGUAGE plpgsql
SET search_path = dispatch, pg_temp AS $$
BEGIN
  WITH fine AS (
    DELETE FROM tally t WHERE t.grain = 0 AND t.at < now() - interval '2 minutes' RETURNING t.*
  )
  INSERT INTO tally (at, batch_id, count, grain, lane, kind, reason, template_key)
  SELECT date_trunc('minute', f.at), f.batch_id, sum(f.count), 1, f.lane, f.kind, f.reason,
         f.template_key
    FROM fine f GROUP BY 1, 2, 4, 5, 6, 7, 8 HAVING sum(f.count) <> 0;
  WITH fine AS (
    DELETE FROM tally t
     WHERE t.grain = 1 AND t.at < date_trunc('day', now() - interval '2 hours', 'UTC')
    RETURNING t.*
  )
  INSERT INTO tally (at, batch_id, count, grain, lane, kind, reason, template_key)
  SELECT date_trunc('day', f.at, 'UTC'), f.batch_id, sum(f.count), 2, f.lane, f.kind, f.reason,
         f.template_key
    FROM fine f GROUP BY 1, 2, 4, 5, 6, 7, 8 HAVING sum(f.count) <> 0;
  DELETE FROM tally t WHERE t.at < now() - interval '400 days';
END $$;

-- Forgets at most p_limit keys that are older than 30 days. Returns how many.
CREATE FUNCTION forget_keys(p_limit int4) RETURNS int4 LANGUAGE plpgsql
SET search_path = dispatch, pg_temp AS $$
DECLARE
  v_before timestamptz := now() - interval '30 days';
  v_count int4;
  v_keys int4;
BEGIN
  DELETE FROM request WHERE ctid = ANY (ARRAY(
    SELECT r.ctid FROM request r WHERE r.created_at < v_before LIMIT p_limit));
  GET DIAGNOSTICS v_count = ROW_COUNT;
  DELETE FROM dedupe WHERE ctid = ANY (ARRAY(
    SELECT d.ctid FROM dedupe d WHERE d.created_at < v_before LIMIT p_limit));
  GET DIAGNOSTICS v_keys = ROW_COUNT;
  -- A mail's due time lies at most 366 days ahead, and its tombstone must outlive it.
  DELETE FROM cancellation c WHERE c.at < now() - interval '400 days';
  RETURN greatest(v_count, v_keys);
END $$;

-- Days of the log that lie wholly before p_before, and whether mail of theirs still waits.
CREATE FUNCTION old_days(p_before timestamptz) RETURNS TABLE (day int8, waiting bool)
LANGUAGE plpgsql SET search_path = dispatch, pg_temp AS $$
#variable_conflict use_column
DECLARE v_end int8 := first_id_of(day_of(p_before));
BEGIN
  RETURN QUERY
  WITH waits AS MATERIALIZED (
    SELECT DISTINCT q.msg_id >> 47 AS day FROM queue q WHERE q.msg_id < v_end
    UNION
    SELECT DISTINCT id >> 47 FROM claim c CROSS JOIN LATERAL unnest(c.msg_ids) id WHERE id < v_end
  )
  SELECT d.day, w.day IS NOT NULL
    FROM (SELECT (to_date(right(i.inhrelid::regclass::text, 8), 'YYYYMMDD')
                  - DATE '2024-01-01')::int8 AS day
            FROM pg_inherits i WHERE i.inhparent = 'dispatch.message'::regclass) d
    LEFT JOIN waits w ON w.day = d.day
   WHERE d.day < day_of(p_before)
   ORDER BY d.day;
END $$;

-- Drops a day of `message`, `result` or `event`, for which every reader and writer of the table has
-- to be off it for an instant. One table in a transaction: who waits for the lock of one while it
-- holds that of another ends up in a deadlock with those who use both.
CREATE FUNCTION drop_partition(p_table text, p_day int8) RETURNS void LANGUAGE plpgsql
SET search_path = dispatch, pg_temp SET lock_timeout = '200ms' AS $$
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS %I',
                 p_table || to_char(DATE '2024-01-01' + p_day::int4, '"_p"YYYYMMDD'));
END $$;

-- What else is kept of mails of a day.
CREATE FUNCTION forget_day(p_day int8) RETURNS void LANGUAGE sql
SET search_path = dispatch, pg_temp AS $$
  DELETE FROM retry y
   WHERE y.msg_id >= first_id_of(p_day) AND y.msg_id < first_id_of(p_day + 1);
  DELETE FROM cancellation c
   WHERE c.msg_id >= first_id_of(p_day) AND c.msg_id < first_id_of(p_day + 1);
$$;

-- Batches whose mails are all gone from the log. Mails of a bulk stream may come hours after its
-- first, hence the two days.
CREATE FUNCTION drop_batches(p_before timestamptz) RETURNS void LANGUAGE sql
SET search_path = dispatch, pg_temp AS $$
  DELETE FROM batch b WHERE b.due_at < p_before - interval '2 days'
$$;
