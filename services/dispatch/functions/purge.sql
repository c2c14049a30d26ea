-- Returns the days of the log that lie wholly before p_before, and whether mail of each day still
-- waits.
CREATE OR REPLACE FUNCTION purgeable_days(p_before timestamptz)
RETURNS TABLE (day int8, waiting bool) LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
            FROM pg_inherits i WHERE i.inhparent = 'message'::regclass) d
    LEFT JOIN waits w ON w.day = d.day
   WHERE d.day < day_of(p_before)
   ORDER BY d.day;
END $$;

-- Deletes what is kept of the mails of a day outside its partitions.
CREATE OR REPLACE FUNCTION delete_day_records(p_day int8) RETURNS void LANGUAGE sql
SET search_path FROM CURRENT AS $$
  DELETE FROM retry y
   WHERE y.msg_id >= first_id_of(p_day) AND y.msg_id < first_id_of(p_day + 1);
  DELETE FROM cancellation c
   WHERE c.msg_id >= first_id_of(p_day) AND c.msg_id < first_id_of(p_day + 1);
$$;

-- Deletes batches whose mails have all left the log. The mails of a bulk stream may come hours
-- after its first one, hence the two days.
CREATE OR REPLACE FUNCTION delete_batches(p_before timestamptz) RETURNS void LANGUAGE sql
SET search_path FROM CURRENT AS $$
  DELETE FROM batch b WHERE b.due_time < p_before - interval '2 days'
$$;
