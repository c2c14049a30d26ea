-- Sums up counters of the same minute, and minutes of past days.
CREATE OR REPLACE FUNCTION compact_counters() RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  WITH fine AS (
    DELETE FROM counter c
     WHERE c.granularity = 0 AND c.count_time < now() - interval '2 minutes'
    RETURNING c.*
  )
  INSERT INTO counter (count_time, batch_id, count, granularity, lane, kind, reason, template_key)
  SELECT date_trunc('minute', f.count_time), f.batch_id, sum(f.count), 1, f.lane, f.kind, f.reason,
         f.template_key
    FROM fine f GROUP BY 1, 2, 4, 5, 6, 7, 8 HAVING sum(f.count) <> 0;
  WITH fine AS (
    DELETE FROM counter c
     WHERE c.granularity = 1
       AND c.count_time < date_trunc('day', now() - interval '2 hours', 'UTC')
    RETURNING c.*
  )
  INSERT INTO counter (count_time, batch_id, count, granularity, lane, kind, reason, template_key)
  SELECT date_trunc('day', f.count_time, 'UTC'), f.batch_id, sum(f.count), 2, f.lane, f.kind,
         f.reason, f.template_key
    FROM fine f GROUP BY 1, 2, 4, 5, 6, 7, 8 HAVING sum(f.count) <> 0;
  DELETE FROM counter c WHERE c.count_time < now() - interval '400 days';
END $$;

-- Deletes at most p_limit each of request ids and dedupe keys that are older than 30 days. Returns
-- the larger of the two counts.
CREATE OR REPLACE FUNCTION delete_expired_keys(p_limit int4) RETURNS int4 LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  v_before timestamptz := now() - interval '30 days';
  v_requests int4;
  v_keys int4;
BEGIN
  DELETE FROM request WHERE ctid = ANY (ARRAY(
    SELECT r.ctid FROM request r WHERE r.create_time < v_before LIMIT p_limit));
  GET DIAGNOSTICS v_requests = ROW_COUNT;
  DELETE FROM dedupe WHERE ctid = ANY (ARRAY(
    SELECT d.ctid FROM dedupe d WHERE d.create_time < v_before LIMIT p_limit));
  GET DIAGNOSTICS v_keys = ROW_COUNT;
  -- A mail's due time lies at most 366 days ahead, and its tombstone must outlive it.
  DELETE FROM cancellation c WHERE c.create_time < now() - interval '400 days';
  RETURN greatest(v_requests, v_keys);
END $$;
