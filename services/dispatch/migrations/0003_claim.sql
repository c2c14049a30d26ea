-- Takes the oldest due mails of one lane from the first shard, beginning with p_start, that has any
-- and whose lane_head nobody holds. Claims of one lane and shard are serial, so a batch is a
-- contiguous range of keys: found with one index scan, deleted with another.
--
-- p_floor_*[shard + 1] is a key below which nothing is left; the scan begins there and never walks
-- over what was deleted but not yet vacuumed. checked_at, oldest_running and transaction say how far
-- floors may rise: services/dispatch/storage/claim_floors.h. An empty lane costs one index probe a
-- shard and no write.
CREATE FUNCTION take_due(
  p_claim int8, p_worker text, p_lane int2, p_start int4, p_limit int4, p_lease interval,
  p_floor_due timestamptz[], p_floor_id int8[],
  OUT taken_shard int2, OUT checked_at timestamptz, OUT oldest_running int8, OUT transaction int8,
  OUT last_due timestamptz, OUT last_id int8, OUT idle_shards int8[])
LANGUAGE plpgsql
SET search_path = dispatch, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
  h record;
  v_due timestamptz;
  v_id int8;
  v_ids int8[];
  v_steps int2[];
  v_attempts int2[];
  v_recovered bool[];
BEGIN
  checked_at := clock_timestamp();
  oldest_running := pg_snapshot_xmin(pg_current_snapshot())::text::int8;
  idle_shards := '{}';
  FOR h IN SELECT l.shard FROM lane_head l WHERE l.lane = p_lane AND NOT l.paused
            ORDER BY l.shard < p_start, l.shard LOOP
    v_due := coalesce(p_floor_due[h.shard + 1], '-infinity');
    v_id := coalesce(p_floor_id[h.shard + 1], 0);
    -- The scans that follow begin where this one ends: rows that were deleted are walked over once.
    SELECT q.due_at, q.msg_id INTO v_due, v_id FROM queue q
     WHERE q.shard = h.shard AND q.lane = p_lane AND q.due_at <= checked_at
       AND (q.due_at, q.msg_id) > (v_due, v_id)
     ORDER BY q.due_at, q.msg_id LIMIT 1;
    IF NOT FOUND THEN
      idle_shards := idle_shards || h.shard::int8;
      CONTINUE;
    END IF;
    PERFORM 1 FROM lane_head l WHERE l.shard = h.shard AND l.lane = p_lane AND NOT l.paused
      FOR UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND;  -- somebody else claims from it this instant, or it was just paused

    SELECT s.due_at, s.msg_id INTO last_due, last_id
      FROM (SELECT q.due_at, q.msg_id FROM queue q
             WHERE q.shard = h.shard AND q.lane = p_lane AND q.due_at <= checked_at
               AND (q.due_at, q.msg_id) >= (v_due, v_id)
             ORDER BY q.due_at, q.msg_id LIMIT p_limit) s
     ORDER BY s.due_at DESC, s.msg_id DESC LIMIT 1;
    CONTINUE WHEN last_due IS NULL;
    WITH gone AS (
      DELETE FROM queue q
       WHERE q.shard = h.shard AND q.lane = p_lane
         AND (q.due_at, q.msg_id) >= (v_due, v_id) AND (q.due_at, q.msg_id) <= (last_due, last_id)
      RETURNING q.due_at, q.msg_id, q.step, q.attempt, q.recovered)
    SELECT array_agg(g.msg_id), array_agg(g.step), array_agg(g.attempt), array_agg(g.recovered)
      INTO v_ids, v_steps, v_attempts, v_recovered
      FROM (SELECT * FROM gone ORDER BY due_at, msg_id) g;
    CONTINUE WHEN v_ids IS NULL;  -- all were cancelled in between
    INSERT INTO claim (claim_id, claimed_at, lease_until, renew_by, shard, lane, worker, msg_ids,
                       steps, attempts, recovered)
    VALUES (p_claim, clock_timestamp(), clock_timestamp() + p_lease,
            clock_timestamp() + p_lease / 2, h.shard, p_lane, p_worker, v_ids, v_steps, v_attempts,
            v_recovered);
    taken_shard := h.shard;
    transaction := pg_current_xact_id()::text::int8;  -- given by its first lock: after checked_at
    RETURN;
  END LOOP;
  last_due := NULL;
END $$;

-- The mails of a claim, with p_open only those without an outcome. `place` tells their order, oldest
-- first: who reads them sorts them for less than sorting these rows costs here. Volatile, to see a
-- claim that the same statement has just taken.
--
-- One scan with an array of ids finds them all, for half of what a look-up for each costs. OFFSET 0
-- keeps it apart, and without nested loops it is joined by hash, whatever the statistics say.
CREATE FUNCTION claimed_mails(p_claim int8, p_open bool)
RETURNS TABLE (
  msg_id int8, due_at timestamptz, expire_at timestamptz, created_at timestamptz, batch_id int8,
  template_version int4, lane int2, category int2, target_kind int2, target text,
  template_key text, request_key text, language_code text, transport text, labels text[],
  context bytea, place int4, step int2, attempt int2, recovered bool, cancelled bool,
  already_sent bool, retried_at timestamptz)
LANGUAGE plpgsql VOLATILE ROWS 500
SET search_path = dispatch, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
  c record;
  v_low int8;
  v_high int8;
  v_cancelled bool;  -- any of them, which is seldom
BEGIN
  SELECT * INTO c FROM claim x WHERE x.claim_id = p_claim;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT min(id), max(id) INTO v_low, v_high FROM unnest(c.msg_ids) id;
  v_cancelled := EXISTS (SELECT FROM cancellation x WHERE x.msg_id BETWEEN v_low AND v_high);
  RETURN QUERY
  SELECT m.msg_id, m.due_at, m.expire_at, m.created_at, m.batch_id, m.template_version, m.lane,
         m.category, m.target_kind, m.target, m.template_key, m.request_key, m.language_code,
         m.transport, m.labels, m.context, u.place::int4, u.step, u.attempt, u.recovered,
         coalesce(p.cancelled, false), coalesce(p.already_sent, false), p.retried_at
    FROM unnest(c.msg_ids, c.steps, c.attempts, c.recovered) WITH ORDINALITY
      AS u(id, step, attempt, recovered, place)
    JOIN (SELECT * FROM message m  -- the bounds choose partitions before execution
           WHERE m.msg_id = ANY (c.msg_ids) AND m.shard = c.shard
             AND m.msg_id BETWEEN v_low AND v_high OFFSET 0) m ON m.msg_id = u.id
    -- What a mail may have behind it, looked up for the few that may have anything.
    LEFT JOIN LATERAL (
      SELECT (SELECT true FROM cancellation x WHERE x.msg_id = u.id LIMIT 1) AS cancelled,
             (SELECT true FROM result r
               WHERE r.msg_id = u.id AND r.kind = 1 AND r.msg_id BETWEEN v_low AND v_high
               LIMIT 1) AS already_sent,
             (SELECT y.at FROM retry y WHERE y.msg_id = u.id ORDER BY y.step DESC LIMIT 1)
               AS retried_at,
             (SELECT true FROM result r
               WHERE p_open AND r.msg_id = u.id AND r.step = u.step
                 AND r.msg_id BETWEEN v_low AND v_high LIMIT 1) AS done
       WHERE v_cancelled OR u.step > 1 OR p_open OFFSET 0) p ON true
   WHERE p.done IS NULL;
END $$;

-- What the log has counted for mails that are now known to be sent after all, taken back.
CREATE FUNCTION uncount(p_ids int8[]) RETURNS void LANGUAGE plpgsql
SET search_path = dispatch, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
  INSERT INTO tally (at, batch_id, count, lane, kind, reason, template_key)
  SELECT r.at, m.batch_id, -1, m.lane, r.kind, r.reason, m.template_key
    FROM unnest(p_ids) AS u(id)
    CROSS JOIN LATERAL (SELECT * FROM result r WHERE r.msg_id = u.id
                         ORDER BY r.step DESC LIMIT 1) r
    CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.msg_id = u.id LIMIT 1) m
   WHERE r.kind NOT IN (1, 2)
     AND NOT EXISTS (SELECT FROM retry y WHERE y.msg_id = u.id AND y.step = r.step + 1);
END $$;

-- Records outcomes; p_last ends the claim. The lock on the claim's row is the fence: flush and
-- recovery of one claim are serial. Whoever lost the claim may only add the fact that a mail is
-- sent. Repeating it finds every result present and does nothing. Mails are found as in
-- claimed_mails.
CREATE FUNCTION flush_outcomes(
  p_claim int8, p_last bool, p_ids int8[], p_steps int2[], p_attempts int2[], p_kinds int2[],
  p_reasons int2[], p_retry_at timestamptz[], p_codes int2[], p_transports text[],
  p_enhanced text[], p_texts text[], p_hashes bytea[],
  OUT live bool, OUT recorded int4)
LANGUAGE plpgsql
SET search_path = dispatch, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
  v_lane int2;
  v_now timestamptz;
  v_low int8;
  v_high int8;
  v_sent_before int8[];
BEGIN
  SELECT c.lane INTO v_lane FROM claim c WHERE c.claim_id = p_claim FOR UPDATE;
  live := FOUND;
  v_now := clock_timestamp();
  SELECT min(id), max(id) INTO v_low, v_high FROM unnest(p_ids) id;
  -- A mail counts once: not again when its recovered copy ends too.
  IF NOT live OR 1 < ANY (p_steps) THEN
    SELECT array_agg(u.id) INTO v_sent_before
      FROM unnest(p_ids) AS u(id)
      CROSS JOIN LATERAL (SELECT FROM result r WHERE r.msg_id = u.id AND r.kind = 1 LIMIT 1) r;
  END IF;
  IF NOT live THEN
    PERFORM uncount((SELECT array_agg(u.id)
                       FROM unnest(p_ids, p_steps, p_kinds) AS u(id, step, kind)
                       LEFT JOIN LATERAL (SELECT r.msg_id FROM result r
                                           WHERE r.msg_id = u.id AND r.step = u.step LIMIT 1) r
                         ON true
                      WHERE u.kind = 1 AND r.msg_id IS NULL
                        AND u.id <> ALL (coalesce(v_sent_before, '{}'))));
  END IF;
  WITH fresh AS (
    INSERT INTO result (msg_id, claim_id, at, retry_at, shard, step, attempt, kind, reason,
                        reply_code, transport, enhanced_code, reply_text, content_hash)
    SELECT u.id, p_claim, v_now,
           -- Many are put off to the same second: spread, they stay a range that can be cut anywhere.
           CASE WHEN u.kind <> 2 THEN NULL
                WHEN u.retry_at > v_now + interval '1 second'
                THEN u.retry_at + (u.id & 65535) * interval '1 microsecond'
                ELSE greatest(u.retry_at, v_now) END,
           shard_of(u.id), u.step, u.attempt, u.kind, u.reason, u.code, u.transport, u.enhanced,
           u.words, u.hash
      FROM unnest(p_ids, p_steps, p_attempts, p_kinds, p_reasons, p_retry_at, p_codes,
                  p_transports, p_enhanced, p_texts, p_hashes)
        AS u(id, step, attempt, kind, reason, retry_at, code, transport, enhanced, words, hash)
     WHERE live OR u.kind = 1
     ORDER BY u.id
    ON CONFLICT DO NOTHING
    RETURNING msg_id, shard, step, attempt, kind, reason, retry_at
  ), requeued AS (
    INSERT INTO queue (due_at, msg_id, shard, lane, step, attempt)
    SELECT f.retry_at, f.msg_id, f.shard, v_lane, f.step + 1, f.attempt
      FROM fresh f WHERE f.kind = 2
  ), counted AS (
    INSERT INTO tally (at, batch_id, count, lane, kind, reason, template_key)
    SELECT v_now, m.batch_id, count(*), m.lane, f.kind, f.reason, m.template_key
      FROM fresh f
      JOIN (SELECT m.msg_id, m.batch_id, m.shard, m.lane, m.template_key FROM message m
             WHERE m.msg_id = ANY (p_ids) AND m.msg_id BETWEEN v_low AND v_high OFFSET 0) m
        ON m.msg_id = f.msg_id AND m.shard = f.shard
     WHERE f.kind <> 2 AND (v_sent_before IS NULL OR f.msg_id <> ALL (v_sent_before))
     GROUP BY m.batch_id, m.lane, f.kind, f.reason, m.template_key
  )
  SELECT count(*) INTO recorded FROM fresh;
  IF live AND p_last THEN
    DELETE FROM claim c WHERE c.claim_id = p_claim;
  END IF;
END $$;

-- Ends claims and puts back what has no outcome: as it was, or, if the holder is taken for dead, as
-- the next step and marked recovered.
CREATE FUNCTION requeue_claims(p_claims int8[], p_recovered bool) RETURNS int4
LANGUAGE plpgsql
SET search_path = dispatch, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
  v_now timestamptz;
  v_count int4;
BEGIN
  PERFORM pg_current_xact_id();  -- before the clock is read: what the floors rely on
  v_now := clock_timestamp();
  WITH ended AS (
    DELETE FROM claim c WHERE c.claim_id = ANY (p_claims) RETURNING c.*
  )
  INSERT INTO queue (due_at, msg_id, shard, lane, step, attempt, recovered)
  SELECT v_now + u.ord * interval '1 microsecond', u.id, e.shard, e.lane,
         u.step + p_recovered::int4, u.attempt, u.recovered OR p_recovered
    FROM ended e
    CROSS JOIN LATERAL unnest(e.msg_ids, e.steps, e.attempts, e.recovered) WITH ORDINALITY
      AS u(id, step, attempt, recovered, ord)
    LEFT JOIN LATERAL (SELECT r.msg_id FROM result r
                        WHERE r.msg_id = u.id AND r.step = u.step LIMIT 1) done ON true
   WHERE done.msg_id IS NULL;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;

-- Extends the leases of those of `p_claims` that are still held, and returns them.
CREATE FUNCTION extend_claims(p_claims int8[], p_lease interval) RETURNS SETOF int8
LANGUAGE sql SET search_path = dispatch, pg_temp AS $$
  UPDATE claim SET lease_until = clock_timestamp() + p_lease,
                   renew_by = clock_timestamp() + p_lease / 2, missed_at = NULL
   WHERE claim_id = ANY (p_claims) RETURNING claim_id
$$;

-- Takes back what was held under leases that ended. A lease ends for a living holder too while the
-- database is away, so one that ended unseen proves nothing: the holder gets half a lease more,
-- from the moment at which a sweep sees that it is late.
CREATE FUNCTION recover_expired(p_limit int4, OUT claims int4, OUT mails int4) LANGUAGE plpgsql
SET search_path = dispatch, pg_temp AS $$
DECLARE v_claims int8[];
BEGIN
  UPDATE claim SET missed_at = clock_timestamp()
   WHERE claim_id IN (SELECT c.claim_id FROM claim c
                       WHERE c.missed_at IS NULL AND c.renew_by < clock_timestamp()
                         FOR UPDATE SKIP LOCKED);
  SELECT array_agg(d.claim_id) INTO v_claims
    FROM (SELECT c.claim_id FROM claim c
           WHERE c.lease_until < clock_timestamp()
             AND c.missed_at < clock_timestamp() - (c.lease_until - c.renew_by)
           ORDER BY c.lease_until LIMIT p_limit FOR UPDATE SKIP LOCKED) d;
  claims := coalesce(cardinality(v_claims), 0);
  mails := requeue_claims(v_claims, true);
END $$;
