-- Moves mail that is due within a day from `scheduled` to the queue; cancelled mail goes to the log
-- only. Returns how many mails were moved.
CREATE OR REPLACE FUNCTION promote(p_limit int4) RETURNS int4 LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
  v_until timestamptz := clock_timestamp() + interval '24 hours';
  v_now timestamptz;
  v_ids int8[];
  v_moved int4;
BEGIN
  SELECT array_agg(p.msg_id) INTO v_ids
    FROM (SELECT s.msg_id FROM generate_series(1, 4) l
           CROSS JOIN LATERAL (SELECT x.msg_id FROM scheduled x
                                WHERE x.lane = l AND x.due_time < v_until
                                ORDER BY x.due_time, x.msg_id LIMIT p_limit
                                FOR UPDATE SKIP LOCKED) s
           LIMIT p_limit) p;
  IF v_ids IS NULL THEN RETURN 0; END IF;
  PERFORM ensure_partitions(d) FROM (SELECT DISTINCT id >> 47 AS d FROM unnest(v_ids) id) days;
  v_now := clock_timestamp();
  WITH moved AS (
    DELETE FROM scheduled s USING unnest(v_ids) AS u(id)
     WHERE s.shard = shard_of(u.id) AND s.msg_id = u.id
    RETURNING s.*
  ), stored AS (
    INSERT INTO message
    SELECT m.msg_id, greatest(m.due_time, v_now), m.expire_time, m.create_time, m.batch_id,
           m.template_version, m.shard, m.lane, m.category, m.target_kind, m.target,
           m.template_key, m.request_key, m.language_code, m.transport, m.labels, m.context,
           m.traceparent
      FROM moved m
  ), cancelled AS (
    INSERT INTO result (msg_id, claim_id, record_time, shard, delivery_count, attempt, kind,
                        reason)
    SELECT m.msg_id, 0, c.create_time, m.shard, 1, 0, 4, 20
      FROM moved m JOIN cancellation c USING (msg_id)
  ), enqueued AS (
    INSERT INTO queue (due_time, msg_id, shard, lane)
    SELECT greatest(m.due_time, v_now), m.msg_id, m.shard, m.lane
      FROM moved m LEFT JOIN cancellation c USING (msg_id) WHERE c.msg_id IS NULL
  )
  SELECT count(*) INTO v_moved FROM moved;
  RETURN v_moved;
END $$;
