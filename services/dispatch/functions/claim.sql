-- Claims the oldest due mails of one lane, all of one shard: the first from p_start on that has any
-- and whose lane_lock is free. Claims of one lane and shard are serial, so the mails are a
-- contiguous range of keys: one index scan finds them, another deletes them.
--
-- p_watermark_*[shard + 1] is a key below which no row is left; the scan begins there and so never
-- reads rows that were deleted but not yet vacuumed. check_time, oldest_running and transaction say
-- how far low watermarks may rise: services/dispatch/storage/low_watermarks.h. An empty lane costs
-- one index probe for each shard and no write.
CREATE OR REPLACE FUNCTION take_due(
  p_claim int8, p_worker text, p_lane int2, p_start int4, p_limit int4, p_lease interval,
  p_watermark_due timestamptz[], p_watermark_id int8[],
  OUT taken_shard int2, OUT check_time timestamptz, OUT oldest_running int8, OUT transaction int8,
  OUT last_due_time timestamptz, OUT last_id int8, OUT idle_shards int8[])
LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
  l record;
  v_due timestamptz;
  v_id int8;
  v_ids int8[];
  v_delivery_counts int2[];
  v_attempts int2[];
  v_recovered bool[];
BEGIN
  check_time := clock_timestamp();
  oldest_running := pg_snapshot_xmin(pg_current_snapshot())::text::int8;
  idle_shards := '{}';
  FOR l IN SELECT x.shard FROM lane_lock x WHERE x.lane = p_lane AND NOT x.paused
            ORDER BY x.shard < p_start, x.shard LOOP
    v_due := coalesce(p_watermark_due[l.shard + 1], '-infinity');
    v_id := coalesce(p_watermark_id[l.shard + 1], 0);
    -- The following scans begin where this one ends, so deleted rows are read once.
    SELECT q.due_time, q.msg_id INTO v_due, v_id FROM queue q
     WHERE q.shard = l.shard AND q.lane = p_lane AND q.due_time <= check_time
       AND (q.due_time, q.msg_id) > (v_due, v_id)
     ORDER BY q.due_time, q.msg_id LIMIT 1;
    IF NOT FOUND THEN
      idle_shards := idle_shards || l.shard::int8;
      CONTINUE;
    END IF;
    PERFORM 1 FROM lane_lock x WHERE x.shard = l.shard AND x.lane = p_lane AND NOT x.paused
      FOR UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND;  -- another worker is claiming from it, or it was just paused

    SELECT s.due_time, s.msg_id INTO last_due_time, last_id
      FROM (SELECT q.due_time, q.msg_id FROM queue q
             WHERE q.shard = l.shard AND q.lane = p_lane AND q.due_time <= check_time
               AND (q.due_time, q.msg_id) >= (v_due, v_id)
             ORDER BY q.due_time, q.msg_id LIMIT p_limit) s
     ORDER BY s.due_time DESC, s.msg_id DESC LIMIT 1;
    CONTINUE WHEN last_due_time IS NULL;
    WITH deleted AS (
      DELETE FROM queue q
       WHERE q.shard = l.shard AND q.lane = p_lane
         AND (q.due_time, q.msg_id) >= (v_due, v_id)
         AND (q.due_time, q.msg_id) <= (last_due_time, last_id)
      RETURNING q.due_time, q.msg_id, q.delivery_count, q.attempt, q.recovered)
    SELECT array_agg(d.msg_id), array_agg(d.delivery_count), array_agg(d.attempt),
           array_agg(d.recovered)
      INTO v_ids, v_delivery_counts, v_attempts, v_recovered
      FROM (SELECT * FROM deleted ORDER BY due_time, msg_id) d;
    CONTINUE WHEN v_ids IS NULL;  -- all were cancelled in the meantime
    INSERT INTO claim (claim_id, claim_time, lease_expire_time, renew_by_time, shard, lane, worker,
                       msg_ids, delivery_counts, attempts, recovered)
    VALUES (p_claim, clock_timestamp(), clock_timestamp() + p_lease,
            clock_timestamp() + p_lease / 2, l.shard, p_lane, p_worker, v_ids, v_delivery_counts,
            v_attempts, v_recovered);
    taken_shard := l.shard;
    -- Assigned at the first lock, so after check_time was read.
    transaction := pg_current_xact_id()::text::int8;
    RETURN;
  END LOOP;
  last_due_time := NULL;
END $$;

-- Returns the mails of a claim, with p_open only those without an outcome. `ordinal` is their
-- order, oldest first: the caller sorts them for less than sorting the rows costs here. Volatile,
-- to see a claim that the same statement has just made.
--
-- One scan with an array of ids finds all mails, for half the cost of a lookup for each. OFFSET 0
-- keeps it a subquery, and without nested loops it is joined by hash, whatever the statistics say.
CREATE OR REPLACE FUNCTION claimed_mails(p_shard int2, p_claim int8, p_open bool)
RETURNS TABLE (
  msg_id int8, due_time timestamptz, expire_time timestamptz, create_time timestamptz,
  batch_id int8, template_version int4, lane int2, category int2, target_kind int2, target text,
  template_key text, request_key text, language_code text, transport text, labels text[],
  context bytea, traceparent text, ordinal int4, delivery_count int2, attempt int2, recovered bool, cancelled bool,
  already_sent bool, retry_request_time timestamptz, deferral_time timestamptz,
  sender_rejections int4, resends int4, uncertain_transport text, returned_by text)
LANGUAGE plpgsql VOLATILE ROWS 500
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
  c record;
  v_low int8;
  v_high int8;
  v_cancelled bool;  -- any of them, which is rare
BEGIN
  SELECT * INTO c FROM claim x WHERE x.shard = p_shard AND x.claim_id = p_claim;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT min(id), max(id) INTO v_low, v_high FROM unnest(c.msg_ids) id;
  v_cancelled := EXISTS (SELECT FROM cancellation x WHERE x.msg_id BETWEEN v_low AND v_high);
  RETURN QUERY
  SELECT m.msg_id, m.due_time, m.expire_time, m.create_time, m.batch_id, m.template_version,
         m.lane, m.category, m.target_kind, m.target, m.template_key, m.request_key,
         m.language_code, m.transport, m.labels, m.context, m.traceparent, u.ordinal::int4,
         u.delivery_count,
         u.attempt, u.recovered, coalesce(p.cancelled, false), coalesce(p.already_sent, false),
         p.retry_request_time, p.deferral_time, coalesce(p.sender_rejections, 0),
         coalesce(p.resends, 0), p.uncertain_transport, p.returned_by
    FROM unnest(c.msg_ids, c.delivery_counts, c.attempts, c.recovered) WITH ORDINALITY
      AS u(id, delivery_count, attempt, recovered, ordinal)
    JOIN (SELECT * FROM message m  -- the bounds choose partitions before execution
           WHERE m.msg_id = ANY (c.msg_ids) AND m.shard = p_shard
             AND m.msg_id BETWEEN v_low AND v_high OFFSET 0) m ON m.msg_id = u.id
    -- The past of a mail, looked up only for the few mails that may have one.
    LEFT JOIN LATERAL (
      SELECT (SELECT true FROM cancellation x WHERE x.msg_id = u.id LIMIT 1) AS cancelled,
             (SELECT true FROM result r
               WHERE r.shard = p_shard AND r.msg_id = u.id AND r.kind = 1
                 AND r.msg_id BETWEEN v_low AND v_high LIMIT 1) AS already_sent,
             y.create_time AS retry_request_time,
             (SELECT t.deferral_time FROM deferral_time(p_shard, u.id, v_low, v_high) t) AS deferral_time,
             f.sender_rejections, f.resends, f.uncertain_transport, f.returned_by,
             (SELECT true FROM result r
               WHERE p_open AND r.shard = p_shard AND r.msg_id = u.id
                 AND r.delivery_count = u.delivery_count
                 AND r.msg_id BETWEEN v_low AND v_high LIMIT 1) AS done
        FROM (SELECT) one
        LEFT JOIN LATERAL (SELECT y.create_time, y.delivery_count FROM retry y
                            WHERE y.msg_id = u.id
                            ORDER BY y.delivery_count DESC LIMIT 1) y ON true
        -- Reasons SENDER_REJECTED (without a reply, the circuit breaker was open), UNREACHABLE,
        -- RATE_LIMITED and CONNECTION_LOST_AFTER_DATA. All resends have one transport.
        CROSS JOIN LATERAL (
          SELECT count(*) FILTER (WHERE r.reason = 13 AND r.reply_code <> 0)::int4
                   AS sender_rejections,
                 count(*) FILTER (WHERE r.reason = 19)::int4 AS resends,
                 max(r.transport) FILTER (WHERE r.reason = 19) AS uncertain_transport,
                 max(r.transport) FILTER (WHERE r.delivery_count = u.delivery_count - 1
                   AND (r.reason IN (16, 17) OR r.reason = 13 AND r.reply_code = 0))
                   AS returned_by
            FROM result r
           WHERE r.shard = p_shard AND r.msg_id = u.id AND r.kind = 2
             AND r.msg_id BETWEEN v_low AND v_high
             AND r.delivery_count >= coalesce(y.delivery_count, 0)) f
       WHERE v_cancelled OR u.delivery_count > 1 OR p_open OFFSET 0) p ON true
   WHERE p.done IS NULL;
END $$;
