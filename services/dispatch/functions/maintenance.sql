-- Sums up counters of the same minute, and minutes of past days. Does nothing while another replica
-- does it.
CREATE OR REPLACE FUNCTION compact_counters() RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('dispatch counters', 0)) THEN RETURN; END IF;
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
  -- Not before the outcomes that they count.
  DELETE FROM counter c
   WHERE c.count_time < least(now() - interval '400 days',
                              timestamptz '2024-01-01 00:00:00+00'
                              + (SELECT min(l.day) FROM log_partitions() l) * interval '1 day');
END $$;

-- Renews the statistics of small tables whose rows all change within a minute. The owner's right is
-- needed for it; only the owner could vacuum too, but a function cannot, so autovacuum does.
CREATE OR REPLACE FUNCTION analyze_queue() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = dispatch, pg_temp AS $$
BEGIN
  ANALYZE (SKIP_LOCKED) queue, claim, lane_lock, counter;
END $$;
