-- When an accepted item is due. A microsecond apart: keeps the order, and the range of a claim may end
-- anywhere. Has no SET search_path, so that it is inlined.
CREATE OR REPLACE FUNCTION spread_due_time(p_due timestamptz, p_chunk int4, p_index int4,
                                           p_now timestamptz) RETURNS timestamptz STABLE
RETURN greatest(p_due + (p_chunk::int8 * 1000 + p_index) % 60000000 * interval '1 microsecond',
                p_now + p_index * interval '1 microsecond');

-- Accepts many submissions in one statement. The parameters after p_shard have one element for each
-- submission, those from p_sub on one for each item; contexts are slices of one value, which is
-- much cheaper than an array. Arrays are joined by hash; rows are looked up by LATERAL ... LIMIT 1,
-- which is an index probe whatever the statistics say.
--
-- All mails of a call get one shard, p_shard. The request, batch and dedupe keys are unique over all
-- shards, so they are not found by shard. p_first_number is the sequence number of the first item.
--
-- Returns one row for each submission. state: 0 accepted now, 1 accepted earlier, 2 the key was
-- used with another body. ids is NULL when the ids are first_id, first_id + 1, ... The times are
-- those of the first item, if it was accepted now.
--
-- Locks are always taken in this order: requests, batches, dedupe keys, each sorted.
CREATE OR REPLACE FUNCTION accept_submissions(
  p_shard int2, p_request_id text[], p_chunk int4[], p_digest int8[], p_batch bool[],
  p_template_key text[], p_template_version int4[], p_category int2[], p_lane int2[],
  p_due timestamptz[], p_expire timestamptz[], p_shared bytea[], p_language text[], p_transport text[],
  p_labels text[], p_max_per_second float8[], p_first_number int8[],
  p_sub int4[], p_index int4[], p_kind int2[], p_target text[], p_key text[],
  p_context_offset int4[], p_context_size int4[], p_contexts bytea, p_traceparent text[])
RETURNS TABLE (sub int4, state int2, batch int8, first_id int8, ids int8[], create_time timestamptz,
               due_time timestamptz)
LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off SET work_mem = '64MB'
AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  v_first int8[];   -- first id of the submission
  v_state int2[];
  v_known int8[];   -- first id under which its request was accepted
  v_batch int8[];
  v_own int8[];     -- new ids of the items
  v_ids int8[];     -- ids under which the items were accepted
  v_keys int8;
  v_inserted int8;
  v_dropped bool;
  v_queue_end timestamptz;  -- mail that is due from then on is scheduled
  v_other_ids bool := false;  -- whether v_ids may differ from v_own
BEGIN
  SELECT array_agg(first_id_of(day_of(greatest(s.due, v_now))) | (p_shard::int8 << 39)
                     | s.first_number ORDER BY s.ord)
    INTO v_first
    FROM unnest(p_due, p_first_number) WITH ORDINALITY AS s(due, first_number, ord);

  INSERT INTO request (digest, first_id, chunk, is_batch, request_id)
  SELECT s.digest, s.first_id, s.chunk, s.is_batch, s.request_id
    FROM unnest(p_request_id, p_chunk, p_digest, p_batch, v_first)
      AS s(request_id, chunk, digest, is_batch, first_id)
   ORDER BY s.request_id, s.chunk
  ON CONFLICT DO NOTHING;  -- waits for a concurrent call; the next statement sees its row
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
    INSERT INTO batch (batch_id, create_time, due_time, max_per_second, template_version, category,
                       template_key, request_id, labels, shared_context, traceparent)
    SELECT nextval('batch_seq'), v_now, greatest(n.due, v_now), n.max_per_second, n.version,
           n.category, n.template_key, n.request_id, n.labels, n.shared, n.traceparent
      FROM (SELECT DISTINCT ON (s.request_id) s.request_id, s.due, s.max_per_second, s.version,
                   s.category, s.template_key, s.labels::text[], s.shared, s.traceparent
              FROM unnest(p_request_id, p_batch, v_state, p_due, p_max_per_second,
                          p_template_version, p_category, p_template_key, p_labels, p_shared,
                          p_traceparent)
                AS s(request_id, is_batch, state, due, max_per_second, version, category,
                     template_key, labels, shared, traceparent)
              LEFT JOIN LATERAL (SELECT b.batch_id FROM batch b
                                  WHERE b.request_id = s.request_id LIMIT 1) b ON true
             WHERE s.is_batch AND s.state = 0 AND b.batch_id IS NULL
             ORDER BY s.request_id) n
    ON CONFLICT (request_id) DO NOTHING;
    SELECT array_agg(coalesce(b.batch_id, 0) ORDER BY s.ord),
           bool_or(s.state = 0 AND b.content_drop_time IS NOT NULL)
      INTO v_batch, v_dropped
      FROM unnest(p_request_id, p_batch, v_state) WITH ORDINALITY
        AS s(request_id, is_batch, state, ord)
      LEFT JOIN LATERAL (SELECT b.batch_id, b.content_drop_time FROM batch b
                          WHERE s.is_batch AND b.request_id = s.request_id LIMIT 1) b ON true;
    -- New mail cannot join a batch that has lost what its mails share.
    IF v_dropped THEN
      RAISE EXCEPTION 'the content of the batch was dropped' USING ERRCODE = 'MQ003';
    END IF;
  END IF;

  SELECT array_agg(v_first[i.sub] + i.index ORDER BY i.ord),
         count(*) FILTER (WHERE i.key IS NOT NULL AND v_state[i.sub] = 0)
    INTO v_own, v_keys
    FROM unnest(p_sub, p_index, p_key) WITH ORDINALITY AS i(sub, index, key, ord);
  v_ids := v_own;
  IF v_keys > 0 THEN
    INSERT INTO dedupe (msg_id, key)
    SELECT i.id, i.key
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

  -- The clock is read after the last wait for a lock, and after the transaction got its number:
  -- low watermarks rely on it (services/dispatch/storage/low_watermarks.h).
  v_now := clock_timestamp();
  v_queue_end := v_now + interval '24 hours';
  -- Each table has a statement of its own: Citus sends none with an INSERT in a WITH clause to one shard.
  INSERT INTO message
  SELECT i.id, spread_due_time(s.due, s.chunk, i.index, v_now), s.expire, v_now, s.batch, s.version,
         p_shard, s.lane, s.category, i.kind, i.target, s.template_key, coalesce(i.key, ''),
         s.language, s.transport, CASE WHEN NOT s.is_batch THEN s.labels::text[] END,
         CASE WHEN i.size > 0 THEN substring(p_contexts FROM i.start + 1 FOR i.size) END,
         CASE WHEN NOT s.is_batch THEN s.traceparent END
    FROM unnest(p_sub, p_index, p_kind, p_target, p_key, p_context_offset, p_context_size, v_ids,
                v_own)
      AS i(sub, index, kind, target, key, start, size, id, own)
    JOIN unnest(p_chunk, p_batch, p_template_key, p_template_version, p_category, p_lane, p_due,
                p_expire, p_language, p_transport, p_labels, p_traceparent, v_state, v_batch)
      WITH ORDINALITY
      AS s(chunk, is_batch, template_key, version, category, lane, due, expire, language, transport,
           labels, traceparent, state, batch, ord) ON s.ord = i.sub
   WHERE s.state = 0 AND i.id = i.own AND s.due < v_queue_end;
  INSERT INTO queue (due_time, msg_id, shard, lane)
  SELECT spread_due_time(s.due, s.chunk, i.index, v_now), i.id, p_shard, s.lane
    FROM unnest(p_sub, p_index, v_ids, v_own) AS i(sub, index, id, own)
    JOIN unnest(p_chunk, p_lane, p_due, v_state) WITH ORDINALITY
      AS s(chunk, lane, due, state, ord) ON s.ord = i.sub
   WHERE s.state = 0 AND i.id = i.own AND s.due < v_queue_end;
  IF v_queue_end <= ANY (p_due) THEN
    INSERT INTO scheduled
    SELECT i.id, spread_due_time(s.due, s.chunk, i.index, v_now), s.expire, v_now, s.batch, s.version,
           p_shard, s.lane, s.category, i.kind, i.target, s.template_key, coalesce(i.key, ''),
           s.language, s.transport, CASE WHEN NOT s.is_batch THEN s.labels::text[] END,
           CASE WHEN i.size > 0 THEN substring(p_contexts FROM i.start + 1 FOR i.size) END,
           CASE WHEN NOT s.is_batch THEN s.traceparent END
      FROM unnest(p_sub, p_index, p_kind, p_target, p_key, p_context_offset, p_context_size, v_ids,
                  v_own)
        AS i(sub, index, kind, target, key, start, size, id, own)
      JOIN unnest(p_chunk, p_batch, p_template_key, p_template_version, p_category, p_lane, p_due,
                  p_expire, p_language, p_transport, p_labels, p_traceparent, v_state, v_batch)
        WITH ORDINALITY
        AS s(chunk, is_batch, template_key, version, category, lane, due, expire, language, transport,
             labels, traceparent, state, batch, ord) ON s.ord = i.sub
     WHERE s.state = 0 AND i.id = i.own AND s.due >= v_queue_end;
  END IF;
  IF true = ANY (p_batch) THEN
    INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
    SELECT v_now, s.batch, count(*), s.lane, 0, 0, s.template_key
      FROM unnest(p_sub, v_ids, v_own) AS i(sub, id, own)
      JOIN unnest(v_batch, p_lane, p_template_key, v_state) WITH ORDINALITY
        AS s(batch, lane, template_key, state, ord) ON s.ord = i.sub
     WHERE s.state = 0 AND i.id = i.own AND s.batch <> 0
     GROUP BY s.batch, s.lane, s.template_key;
  END IF;

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
