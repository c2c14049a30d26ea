-- Subtracts what was counted for mails that turn out to have been sent.
CREATE OR REPLACE FUNCTION subtract_counts(p_ids int8[]) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
  INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
  SELECT r.record_time, m.batch_id, -1, m.lane, r.kind, r.reason, m.template_key
    FROM unnest(p_ids) AS u(id)
    CROSS JOIN LATERAL (SELECT * FROM result r
                         WHERE r.shard = shard_of(u.id) AND r.msg_id = u.id
                         ORDER BY r.delivery_count DESC LIMIT 1) r
    CROSS JOIN LATERAL (SELECT * FROM message m
                         WHERE m.shard = shard_of(u.id) AND m.msg_id = u.id LIMIT 1) m
   WHERE r.kind NOT IN (1, 2)
     AND NOT EXISTS (SELECT FROM retry y
                      WHERE y.msg_id = u.id AND y.delivery_count = r.delivery_count + 1);
END $$;

-- Records outcomes of mails of one claim, which are all of one shard; p_last ends the claim. The lock
-- on the claim's row makes flush and recovery of one claim serial. A caller that has lost the claim
-- may only add that a mail was sent. A repeated call finds every result present and does nothing.
-- Mails are found as in claimed_mails.
--
-- Each table has a statement of its own: Citus sends none with an INSERT in a WITH clause to one shard.
CREATE OR REPLACE FUNCTION flush_outcomes(
  p_shard int2, p_claim int8, p_last bool, p_ids int8[], p_delivery_counts int2[],
  p_attempts int2[], p_kinds int2[], p_reasons int2[], p_retry_times timestamptz[],
  p_codes int2[], p_transports text[], p_enhanced text[], p_replies text[], p_hashes bytea[],
  p_address_hashes bytea[],
  OUT live bool, OUT recorded int4)
LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
  v_lane int2;
  v_now timestamptz;
  v_low int8;
  v_high int8;
  v_sent_before int8[];
  v_ids int8[] := p_ids;  -- of the results that are new, with their kinds and reasons
  v_kinds int2[] := p_kinds;
  v_reasons int2[] := p_reasons;
BEGIN
  SELECT c.lane INTO v_lane FROM claim c
   WHERE c.shard = p_shard AND c.claim_id = p_claim FOR UPDATE;
  live := FOUND;
  v_now := clock_timestamp();
  SELECT min(id), max(id) INTO v_low, v_high FROM unnest(p_ids) id;
  -- A mail counts once, although its recovered copy ends too.
  IF NOT live OR 1 < ANY (p_delivery_counts) THEN
    SELECT array_agg(r.msg_id) INTO v_sent_before
      FROM result r
     WHERE r.shard = p_shard AND r.msg_id = ANY (p_ids) AND r.msg_id BETWEEN v_low AND v_high
       AND r.kind = 1;
  END IF;
  IF NOT live THEN
    PERFORM subtract_counts((
      SELECT array_agg(u.id)
        FROM unnest(p_ids, p_delivery_counts, p_kinds) AS u(id, delivery_count, kind)
        LEFT JOIN LATERAL (SELECT r.msg_id FROM result r
                            WHERE r.shard = p_shard AND r.msg_id = u.id
                              AND r.delivery_count = u.delivery_count LIMIT 1) r ON true
       WHERE u.kind = 1 AND r.msg_id IS NULL
         AND u.id <> ALL (coalesce(v_sent_before, '{}'))));
  END IF;
  INSERT INTO result (msg_id, claim_id, record_time, retry_time, shard, delivery_count, attempt,
                      kind, reason, reply_code, transport, enhanced_code, reply_text,
                      content_hash, address_hash)
  SELECT u.id, p_claim, v_now,
         -- Many are deferred to the same second: spread, a claim may end anywhere among them.
         CASE WHEN u.kind <> 2 THEN NULL
              WHEN u.retry_time > v_now + interval '1 second'
              THEN u.retry_time + (u.id & 65535) * interval '1 microsecond'
              ELSE greatest(u.retry_time, v_now) END,
         p_shard, u.delivery_count, u.attempt, u.kind, u.reason, u.code, u.transport,
         u.enhanced, u.reply, u.hash, u.address_hash
    FROM unnest(p_ids, p_delivery_counts, p_attempts, p_kinds, p_reasons, p_retry_times, p_codes,
                p_transports, p_enhanced, p_replies, p_hashes, p_address_hashes)
      AS u(id, delivery_count, attempt, kind, reason, retry_time, code, transport, enhanced,
           reply, hash, address_hash)
   WHERE live OR u.kind = 1
   ORDER BY u.id
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS recorded = ROW_COUNT;
  IF recorded < cardinality(p_ids) THEN
    -- Only this call can have recorded results of this claim at this time.
    SELECT array_agg(r.msg_id), array_agg(r.kind), array_agg(r.reason)
      INTO v_ids, v_kinds, v_reasons
      FROM result r
     WHERE r.shard = p_shard AND r.msg_id = ANY (p_ids) AND r.msg_id BETWEEN v_low AND v_high
       AND r.claim_id = p_claim AND r.record_time = v_now;
  END IF;
  IF 2 = ANY (v_kinds) THEN
    INSERT INTO queue (due_time, msg_id, shard, lane, delivery_count, attempt)
    SELECT r.retry_time, r.msg_id, r.shard, v_lane, r.delivery_count + 1, r.attempt
      FROM result r
     WHERE r.shard = p_shard AND r.msg_id = ANY (v_ids) AND r.msg_id BETWEEN v_low AND v_high
       AND r.claim_id = p_claim AND r.record_time = v_now AND r.kind = 2;
  END IF;
  INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
  SELECT v_now, m.batch_id, count(*), m.lane, f.kind, f.reason, m.template_key
    FROM unnest(v_ids, v_kinds, v_reasons) AS f(id, kind, reason)
    JOIN (SELECT m.msg_id, m.batch_id, m.lane, m.template_key FROM message m
           WHERE m.shard = p_shard AND m.msg_id = ANY (p_ids)
             AND m.msg_id BETWEEN v_low AND v_high OFFSET 0) m ON m.msg_id = f.id
   WHERE f.kind <> 2 AND (v_sent_before IS NULL OR f.id <> ALL (v_sent_before))
   GROUP BY m.batch_id, m.lane, f.kind, f.reason, m.template_key;
  -- A provider may have reported what became of a mail before its sender gave up.
  IF 6 = ANY (p_kinds) THEN
    PERFORM resolve_uncertain(array_agg(e.msg_id), array_agg(e.type))
       FROM unnest(p_ids, p_kinds) AS u(id, kind)
       CROSS JOIN LATERAL (SELECT e.msg_id, e.type FROM event e
                            WHERE e.shard = p_shard AND e.msg_id = u.id
                              AND e.type IN (1, 2, 4, 5, 6)) e
      WHERE u.kind = 6
     HAVING count(*) > 0;
  END IF;
  IF live AND p_last THEN
    DELETE FROM claim c WHERE c.shard = p_shard AND c.claim_id = p_claim;
  END IF;
END $$;
