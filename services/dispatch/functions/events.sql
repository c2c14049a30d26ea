-- Records what providers reported, each event id once. Statistics count the first event of each type of a mail.
CREATE OR REPLACE FUNCTION record_events(
  p_ids int8[], p_types int2[], p_event_ids text[], p_times timestamptz[], p_details text[],
  OUT recorded int4, OUT duplicate int4, OUT unknown int4)
LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_known int4;
BEGIN
  WITH known AS MATERIALIZED (
    SELECT e.id, e.type, e.event_id, e.detail, hashtextextended(e.event_id, 0) AS digest,
           -- Neither before the mail existed nor in the future: providers' clocks differ.
           least(greatest(e.event_time, m.create_time), v_now) AS event_time
      FROM unnest(p_ids, p_types, p_event_ids, p_times, p_details)
        AS e(id, type, event_id, event_time, detail)
      CROSS JOIN LATERAL (SELECT m.create_time FROM message m WHERE m.msg_id = e.id LIMIT 1) m
  ), first AS MATERIALIZED (
    SELECT DISTINCT ON (k.digest) k.* FROM known k ORDER BY k.digest
  ), claimed AS (
    INSERT INTO event_key (digest, msg_id) SELECT f.digest, f.id FROM first f ORDER BY f.digest
    ON CONFLICT DO NOTHING
    RETURNING digest
  ), inserted AS (
    INSERT INTO event (msg_id, event_time, shard, type, event_id, detail)
    SELECT f.id, f.event_time, shard_of(f.id), f.type, f.event_id, f.detail
      FROM first f
     -- IS TRUE keeps the subquery from becoming a nested loop: it is hashed.
     WHERE (f.digest IN (SELECT c.digest FROM claimed c)) IS TRUE
     ORDER BY f.id, f.event_id
    ON CONFLICT DO NOTHING
    RETURNING msg_id, type, event_time
  ), counted AS (
    INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
    SELECT f.event_time, m.batch_id, count(*), m.lane, 100 + f.type, 0, m.template_key
      FROM (SELECT msg_id, type, min(event_time) AS event_time
              FROM inserted GROUP BY msg_id, type) f
      CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.msg_id = f.msg_id LIMIT 1) m
     WHERE NOT EXISTS (SELECT FROM event e WHERE e.msg_id = f.msg_id AND e.type = f.type)
     GROUP BY f.event_time, m.batch_id, m.lane, f.type, m.template_key
  )
  SELECT (SELECT count(*) FROM known), (SELECT count(*) FROM inserted) INTO v_known, recorded;
  duplicate := v_known - recorded;
  unknown := cardinality(p_ids) - v_known;
END $$;
