-- Records what providers reported. Statistics count the first event of its type of a mail.
CREATE FUNCTION record_events(
  p_ids int8[], p_types int2[], p_event_ids text[], p_at timestamptz[], p_details text[],
  OUT recorded int4, OUT duplicate int4, OUT unknown int4)
LANGUAGE plpgsql
SET search_path = dispatch, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE v_known int4;
BEGIN
  WITH known AS MATERIALIZED (
    SELECT e.id, e.type, e.event_id, e.at, e.detail, e.ord, m.batch_id, m.lane, m.template_key
      FROM unnest(p_ids, p_types, p_event_ids, p_at, p_details) WITH ORDINALITY
        AS e(id, type, event_id, at, detail, ord)
      CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.msg_id = e.id LIMIT 1) m
  ), fresh AS (
    INSERT INTO event (msg_id, at, shard, type, event_id, detail)
    SELECT k.id, k.at, shard_of(k.id), k.type, k.event_id, k.detail
      FROM known k ORDER BY k.id, k.event_id
    ON CONFLICT DO NOTHING
    RETURNING msg_id, type, at
  ), counted AS (
    INSERT INTO tally (at, batch_id, count, lane, kind, reason, template_key)
    SELECT f.at, m.batch_id, count(*), m.lane, 100 + f.type, 0, m.template_key
      FROM (SELECT msg_id, type, min(at) AS at FROM fresh GROUP BY msg_id, type) f
      CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.msg_id = f.msg_id LIMIT 1) m
     WHERE NOT EXISTS (SELECT FROM event e WHERE e.msg_id = f.msg_id AND e.type = f.type)
     GROUP BY f.at, m.batch_id, m.lane, f.type, m.template_key
  )
  SELECT (SELECT count(*) FROM known), (SELECT count(*) FROM fresh) INTO v_known, recorded;
  duplicate := v_known - recorded;
  unknown := cardinality(p_ids) - v_known;
END $$;
