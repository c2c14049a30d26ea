-- Accepts many submissions in one statement. What is one element a submission comes first, then what
-- is one element an item; contexts are slices of one value, which is far cheaper than an array.
-- Arrays are joined by hash; rows are looked up by LATERAL ... LIMIT 1, which is an index probe
-- whatever the statistics say.
--
-- p_first_seq is shard (8 bits) | sequence number (39): the id below its day.
--
-- Answers one row a submission. state: 0 accepted now, 1 accepted earlier, 2 the key was used with
-- another body. ids is NULL when they are first_id, first_id + 1, ... The times are of the first item,
-- if it was accepted now.
--
-- Locks are always taken in this order: requests, batches, dedupe keys, each sorted.
CREATE FUNCTION accept_submissions(
  p_request_id text[], p_chunk int4[], p_digest int8[], p_batch bool[], p_template_key text[],
  p_template_version int4[], p_category int2[], p_lane int2[], p_due timestamptz[],
  p_expire timestamptz[], p_shared bytea[], p_language text[], p_transport text[],
  p_labels text[], p_max_per_second float8[], p_first_seq int8[],
  p_sub int4[], p_index int4[], p_kind int2[], p_target text[], p_key text[],
  p_context_at int4[], p_context_size int4[], p_contexts bytea)
RETURNS TABLE (sub int4, state int2, batch int8, first_id int8, ids int8[], created_at timestamptz,
               due_at timestamptz)
LANGUAGE plpgsql
SET search_path = dispatch, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off SET work_mem = '64MB'
AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  v_first int8[];   -- the submission's first id
  v_state int2[];
  v_known int8[];   -- first id under which the request was accepted
  v_batch int8[];
  v_own int8[];     -- ids that the items would have
  v_ids int8[];     -- ids that they have
  v_keys int8;
  v_inserted int8;
  v_other_ids bool := false;  -- some may have other ids than their own
BEGIN
  SELECT array_agg(first_id_of(day_of(greatest(s.due, v_now))) | s.first_seq ORDER BY s.ord)
    INTO v_first
    FROM unnest(p_due, p_first_seq) WITH ORDINALITY AS s(due, first_seq, ord);

  INSERT INTO request (created_at, digest, first_id, chunk, is_batch, request_id)
  SELECT v_now, s.digest, s.first_id, s.chunk, s.is_batch, s.request_id
    FROM unnest(p_request_id, p_chunk, p_digest, p_batch, v_first)
      AS s(request_id, chunk, digest, is_batch, first_id)
   ORDER BY s.request_id, s.chunk
  ON CONFLICT DO NOTHING;  -- waits for a concurrent twin; the next statement sees it
  GET DIAGNOSTICS v_inserted = ROW_COUNT;
  IF v_inserted = cardinality(p_request_id) THEN
    v_state := array_fill(0::int2, ARRAY[cardinality(p_request_id)]);
    v_known := v_first;
  ELSE
    SELECT array_agg(CASE WHEN r.first_id = s.first_id THEN 0
                          WHEN r.digest = s.digest AND r.is_batch = s.is_batch THEN 1
                          ELSE 2 END ORDER BY s.ord),
           array_agg(r.first_id ORDER BY s.ord)
      INTO v_state, v_known
      FROM unnest(p_request_id, p_chunk, p_digest, p_batch, v_first) WITH ORDINALITY
        AS s(request_id, chunk, digest, is_batch, first_id, ord)
      CROSS JOIN LATERAL (SELECT r.first_id, r.digest, r.is_batch FROM request r
                           WHERE r.request_id = s.request_id AND r.chunk = s.chunk LIMIT 1) r;
    v_other_ids := true;
  END IF;

  v_batch := array_fill(0::int8, ARRAY[cardinality(p_batch)]);
  IF true = ANY (p_batch) THEN
    INSERT INTO batch (batch_id, created_at, due_at, max_per_second, template_version, category,
                       template_key, request_id, labels, shared_context)
    SELECT nextval('batch_seq'), v_now, greatest(n.due, v_now), n.max_per_second, n.version,
           n.category, n.template_key, n.request_id, n.labels, n.shared
      FROM (SELECT DISTINCT ON (s.request_id) s.request_id, s.due, s.max_per_second, s.version,
                   s.category, s.template_key, s.labels::text[], s.shared
              FROM unnest(p_request_id, p_batch, v_state, p_due, p_max_per_second,
                          p_template_version, p_category, p_template_key, p_labels, p_shared)
                AS s(request_id, is_batch, state, due, max_per_second, version, category,
                     template_key, labels, shared)
              LEFT JOIN LATERAL (SELECT b.batch_id FROM batch b
                                  WHERE b.request_id = s.request_id LIMIT 1) b ON true
             WHERE s.is_batch AND s.state = 0 AND b.batch_id IS NULL
             ORDER BY s.request_id) n
    ON CONFLICT (request_id) DO NOTHING;
    SELECT array_agg(coalesce(b.batch_id, 0) ORDER BY s.ord)
      INTO v_batch
      FROM unnest(p_request_id, p_batch) WITH ORDINALITY AS s(request_id, is_batch, ord)
      LEFT JOIN LATERAL (SELECT b.batch_id FROM batch b
                          WHERE s.is_batch AND b.request_id = s.request_id LIMIT 1) b ON true;
  END IF;

  SELECT array_agg(v_first[i.sub] + i.index ORDER BY i.ord),
         count(*) FILTER (WHERE i.key IS NOT NULL AND v_state[i.sub] = 0)
    INTO v_own, v_keys
    FROM unnest(p_sub, p_index, p_key) WITH ORDINALITY AS i(sub, index, key, ord);
  v_ids := v_own;
  IF v_keys > 0 THEN
    INSERT INTO dedupe (created_at, msg_id, key)
    SELECT v_now, i.id, i.key
      FROM unnest(p_key, p_sub, v_own) WITH ORDINALITY AS i(key, sub, id, ord)
     WHERE i.key IS NOT NULL AND v_state[i.sub] = 0
     ORDER BY i.key, i.ord
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_inserted = ROW_COUNT;
    IF v_inserted < v_keys THEN
      v_other_ids := true;
      SELECT array_agg(coalesce(d.msg_id, i.id) ORDER BY i.ord)
        INTO v_ids
        FROM unnest(p_key, v_own) WITH ORDINALITY AS i(key, id, ord)
        LEFT JOIN LATERAL (SELECT d.msg_id FROM dedupe d WHERE d.key = i.key LIMIT 1) d ON true;
      UPDATE request r SET ids = n.ids
        FROM (SELECT i.sub, array_agg(i.id ORDER BY i.ord) AS ids
                FROM unnest(p_sub, v_ids, v_own) WITH ORDINALITY AS i(sub, id, own, ord)
               WHERE v_state[i.sub] = 0
               GROUP BY i.sub HAVING bool_or(i.id <> i.own)) n
       WHERE r.request_id = p_request_id[n.sub] AND r.chunk = p_chunk[n.sub];
    END IF;
  END IF;

  -- After the last wait for a lock, and after the transaction got its number: what the floors of
  -- claims rely on (services/dispatch/storage/claim_floors.h).
  v_now := clock_timestamp();
  WITH mail AS MATERIALIZED (
    SELECT i.id,
           -- A microsecond apart, which keeps their order and lets a claim's range end anywhere.
           greatest(s.due + (s.chunk::int8 * 1000 + i.index) % 60000000 * interval '1 microsecond',
                    v_now + i.index * interval '1 microsecond') AS due_at,
           s.due < v_now + interval '24 hours' AS near,
           s.expire, v_batch[i.sub] AS batch_id, s.version, shard_of(i.id) AS shard, s.lane,
           s.category, i.kind, i.target, s.template_key, coalesce(i.key, '') AS request_key,
           s.language, s.transport,
           CASE WHEN s.is_batch THEN NULL ELSE s.labels::text[] END AS labels,
           CASE WHEN i.size > 0 THEN substring(p_contexts FROM i.at + 1 FOR i.size) END AS context
      FROM unnest(p_sub, p_index, p_kind, p_target, p_key, p_context_at, p_context_size, v_ids,
                  v_own)
        AS i(sub, index, kind, target, key, at, size, id, own)
      JOIN unnest(p_chunk, p_batch, p_template_key, p_template_version, p_category, p_lane, p_due,
                  p_expire, p_language, p_transport, p_labels, v_state) WITH ORDINALITY
        AS s(chunk, is_batch, template_key, version, category, lane, due, expire, language,
             transport, labels, state, ord) ON s.ord = i.sub
     WHERE s.state = 0 AND i.id = i.own
  ), waits AS (
    INSERT INTO queue (due_at, msg_id, shard, lane)
    SELECT m.due_at, m.id, m.shard, m.lane FROM mail m WHERE m.near
  ), far AS (
    INSERT INTO scheduled
    SELECT m.id, m.due_at, m.expire, v_now, m.batch_id, m.version, m.shard, m.lane, m.category,
           m.kind, m.target, m.template_key, m.request_key, m.language, m.transport, m.labels,
           m.context
      FROM mail m WHERE NOT m.near
  ), counted AS (
    INSERT INTO tally (at, batch_id, count, lane, kind, reason, template_key)
    SELECT v_now, m.batch_id, count(*), m.lane, 0, 0, m.template_key
      FROM mail m WHERE m.batch_id <> 0 GROUP BY m.batch_id, m.lane, m.template_key
  )
  INSERT INTO message
  SELECT m.id, m.due_at, m.expire, v_now, m.batch_id, m.version, m.shard, m.lane, m.category,
         m.kind, m.target, m.template_key, m.request_key, m.language, m.transport, m.labels,
         m.context
    FROM mail m WHERE m.near;

  RETURN QUERY
  SELECT s.ord::int4, s.state, s.batch, s.known, r.ids, v_now,
         greatest(s.due + s.chunk::int8 * 1000 % 60000000 * interval '1 microsecond', v_now)
    FROM unnest(v_state, v_batch, v_known, p_due, p_chunk) WITH ORDINALITY
      AS s(state, batch, known, due, chunk, ord)
    LEFT JOIN LATERAL (SELECT r.ids FROM request r
                        WHERE v_other_ids
                          AND r.request_id = p_request_id[s.ord] AND r.chunk = p_chunk[s.ord]
                        LIMIT 1) r ON true
   ORDER BY s.ord;
END $$;

-- Moves mail that is due within a day into the queue. A mail that was cancelled meanwhile goes to
-- the log only. Returns how many were moved.
CREATE FUNCTION promote(p_limit int4) RETURNS int4 LANGUAGE plpgsql
SET search_path = dispatch, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
  v_until timestamptz := clock_timestamp() + interval '24 hours';
  v_now timestamptz;
  v_ids int8[];
  v_moved int4;
BEGIN
  SELECT array_agg(p.msg_id) INTO v_ids
    FROM (SELECT s.msg_id FROM generate_series(1, 4) l
           CROSS JOIN LATERAL (SELECT x.msg_id FROM scheduled x
                                WHERE x.lane = l AND x.due_at < v_until
                                ORDER BY x.due_at, x.msg_id LIMIT p_limit
                                FOR UPDATE SKIP LOCKED) s
           LIMIT p_limit) p;
  IF v_ids IS NULL THEN RETURN 0; END IF;
  PERFORM ensure_day(d) FROM (SELECT DISTINCT id >> 47 AS d FROM unnest(v_ids) id) days;
  v_now := clock_timestamp();
  WITH moved AS (
    DELETE FROM scheduled s WHERE s.msg_id = ANY (v_ids)
    RETURNING s.*
  ), stored AS (
    INSERT INTO message
    SELECT m.msg_id, greatest(m.due_at, v_now), m.expire_at, m.created_at, m.batch_id,
           m.template_version, m.shard, m.lane, m.category, m.target_kind, m.target,
           m.template_key, m.request_key, m.language_code, m.transport, m.labels, m.context
      FROM moved m
  ), dropped AS (
    INSERT INTO result (msg_id, claim_id, at, shard, step, attempt, kind, reason)
    SELECT m.msg_id, 0, c.at, m.shard, 1, 0, 4, 20
      FROM moved m JOIN cancellation c USING (msg_id)
  ), waits AS (
    INSERT INTO queue (due_at, msg_id, shard, lane)
    SELECT greatest(m.due_at, v_now), m.msg_id, m.shard, m.lane
      FROM moved m LEFT JOIN cancellation c USING (msg_id) WHERE c.msg_id IS NULL
  )
  SELECT count(*) INTO v_moved FROM moved;
  RETURN v_moved;
END $$;
