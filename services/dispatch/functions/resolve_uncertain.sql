-- Gives UNCERTAIN mails a certain outcome by what providers reported: a mail that was delivered,
-- opened, clicked or complained about (types 1, 4, 5, 6) has arrived, one that bounced (2) has not.
-- Appends an outcome with the next delivery count. Mails that are not UNCERTAIN stay as they are,
-- so a repeated call changes nothing. Returns how many were resolved.
CREATE OR REPLACE FUNCTION resolve_uncertain(p_ids int8[], p_types int2[]) RETURNS int4
LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
  v_uncertain int8[];
  v_now timestamptz;
  v_count int4;
BEGIN
  SELECT array_agg(DISTINCT u.id) INTO v_uncertain
    FROM unnest(p_ids) AS u(id)
    CROSS JOIN LATERAL (SELECT r.kind FROM result r
                         WHERE r.shard = shard_of(u.id) AND r.msg_id = u.id
                         ORDER BY r.delivery_count DESC LIMIT 1) r
   WHERE r.kind = 6;
  IF v_uncertain IS NULL THEN RETURN 0; END IF;
  PERFORM lock_cancellations();  -- against retry_message, which uses the next delivery count too
  v_now := clock_timestamp();
  WITH evidence AS MATERIALIZED (
    SELECT u.id, bool_or(u.type <> 2) AS arrived
      FROM unnest(p_ids, p_types) AS u(id, type)
     WHERE u.type IN (1, 2, 4, 5, 6) AND u.id = ANY (v_uncertain) GROUP BY u.id
  ), uncertain AS MATERIALIZED (
    SELECT e.arrived, r.*
      FROM evidence e
      CROSS JOIN LATERAL (SELECT * FROM result r
                           WHERE r.shard = shard_of(e.id) AND r.msg_id = e.id
                           ORDER BY r.delivery_count DESC LIMIT 1) r
     WHERE r.kind = 6
       AND NOT EXISTS (SELECT FROM result s
                        WHERE s.shard = r.shard AND s.msg_id = e.id AND s.kind = 1)
       AND NOT EXISTS (SELECT FROM retry y
                        WHERE y.msg_id = e.id AND y.delivery_count > r.delivery_count)
  ), resolved AS (
    INSERT INTO result (msg_id, claim_id, record_time, shard, delivery_count, attempt, kind, reason,
                        transport, reply_text, content_hash, address_hash)
    SELECT u.msg_id, 0, v_now, u.shard, u.delivery_count + 1, u.attempt,
           CASE WHEN u.arrived THEN 1 ELSE 3 END, CASE WHEN u.arrived THEN 0 ELSE 3 END,
           u.transport, 'the provider reported it', u.content_hash, u.address_hash
      FROM uncertain u ORDER BY u.msg_id
    ON CONFLICT DO NOTHING
    RETURNING msg_id, kind, reason
  ), counted AS (
    INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
    SELECT t.time, m.batch_id, t.count, m.lane, t.kind, t.reason, m.template_key
      FROM resolved n
      JOIN uncertain u ON u.msg_id = n.msg_id
      CROSS JOIN LATERAL (VALUES (u.record_time, -1, u.kind, u.reason),
                                 (v_now, 1, n.kind, n.reason))
        AS t(time, count, kind, reason)
      CROSS JOIN LATERAL (SELECT * FROM message m
                           WHERE m.shard = u.shard AND m.msg_id = n.msg_id LIMIT 1) m
  )
  SELECT count(*) INTO v_count FROM resolved;
  RETURN v_count;
END $$;
