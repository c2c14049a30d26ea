-- The partitions of the log, by their first days.
CREATE OR REPLACE FUNCTION log_partitions() RETURNS TABLE (day int8) STABLE LANGUAGE sql
SET search_path FROM CURRENT AS $$
  SELECT (to_date(right(i.inhrelid::regclass::text, 8), 'YYYYMMDD') - DATE '2024-01-01')::int8
    FROM pg_inherits i WHERE i.inhparent = 'message'::regclass
$$;

-- Returns the partitions of the log that lie wholly before p_before, and whether mail of each still
-- waits.
CREATE OR REPLACE FUNCTION purgeable_partitions(p_before timestamptz)
RETURNS TABLE (day int8, waiting bool) LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
  v_end_day int8 := partition_of(day_of(p_before));
  v_end int8 := first_id_of(v_end_day);
BEGIN
  RETURN QUERY
  WITH waits AS MATERIALIZED (
    SELECT DISTINCT partition_of(q.msg_id >> 47) AS day FROM queue q WHERE q.msg_id < v_end
    UNION
    SELECT DISTINCT partition_of(id >> 47) FROM claim c CROSS JOIN LATERAL unnest(c.msg_ids) id WHERE id < v_end
  )
  SELECT d.day, w.day IS NOT NULL
    FROM log_partitions() d
    LEFT JOIN waits w ON w.day = d.day
   WHERE d.day < v_end_day
   ORDER BY d.day;
END $$;

-- Deletes what is kept of the mails of a partition outside it.
CREATE OR REPLACE FUNCTION delete_partition_records(p_day int8) RETURNS void LANGUAGE sql
SET search_path FROM CURRENT AS $$
  DELETE FROM retry y
   WHERE y.msg_id >= first_id_of(p_day) AND y.msg_id < first_id_of(p_day + 8);
  DELETE FROM cancellation c
   WHERE c.msg_id >= first_id_of(p_day) AND c.msg_id < first_id_of(p_day + 8);
$$;

-- Drops a partition of `message`, and with it what has to go at the same time or later.
CREATE OR REPLACE FUNCTION purge_messages(p_day int8) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM drop_partition('message', p_day);
  DELETE FROM content_day d WHERE d.day >= p_day AND d.day < p_day + 8;
  DELETE FROM content_left k
   WHERE k.msg_id >= first_id_of(p_day) AND k.msg_id < first_id_of(p_day + 8);
  INSERT INTO purged_partition (day, request_id, dedupe_id, event_id)
  VALUES (p_day, first_id_of(p_day), first_id_of(p_day), first_id_of(p_day))
  ON CONFLICT (day) DO UPDATE SET request_id = excluded.request_id, dedupe_id = excluded.dedupe_id,
                                  event_id = excluded.event_id;
END $$;

-- Deletes keys of mail that has left the log: of one partition at most p_limit request ids, p_limit dedupe
-- keys and p_limit event ids. A batch goes together with all its request ids, once none of its mails is left in
-- the log: with only one of them, a repeated request would join an old batch or miss its own.
-- Returns whether there may be more to delete.
--
-- The cursors of purged_partition keep each call from reading the index entries of deleted rows again.
-- Replicas work on different partitions.
CREATE OR REPLACE FUNCTION forget_keys(p_limit int4) RETURNS bool LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
  d purged_partition;
  v_end int8;
  v_at tid[];
  v_batches text[];
  v_keys int4;
  v_events int4;
  v_requests int4;
  v_next_request int8;
  v_next_dedupe int8;
  v_next_event int8;
BEGIN
  SELECT * INTO d FROM purged_partition p ORDER BY p.day LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN false; END IF;
  v_end := first_id_of(d.day + 8);

  SELECT array_agg(k.ctid), count(*), max(k.msg_id) + 1 INTO v_at, v_keys, v_next_dedupe
    FROM (SELECT k.ctid, k.msg_id FROM dedupe k
           WHERE k.msg_id >= d.dedupe_id AND k.msg_id < v_end
           ORDER BY k.msg_id LIMIT p_limit) k;
  DELETE FROM dedupe k WHERE k.ctid = ANY (v_at);

  -- A mail may have more events than one call deletes.
  SELECT array_agg(k.ctid), count(*), max(k.msg_id) INTO v_at, v_events, v_next_event
    FROM (SELECT k.ctid, k.msg_id FROM event_key k
           WHERE k.msg_id >= d.event_id AND k.msg_id < v_end
           ORDER BY k.msg_id LIMIT p_limit) k;
  DELETE FROM event_key k WHERE k.ctid = ANY (v_at);

  SELECT array_agg(r.ctid) FILTER (WHERE NOT r.is_batch),
         array_agg(DISTINCT r.request_id) FILTER (WHERE r.is_batch), count(*), max(r.first_id) + 1
    INTO v_at, v_batches, v_requests, v_next_request
    FROM (SELECT r.ctid, r.first_id, r.request_id, r.is_batch FROM request r
           WHERE r.first_id >= d.request_id AND r.first_id < v_end
           ORDER BY r.first_id LIMIT p_limit) r;
  DELETE FROM request r WHERE r.ctid = ANY (v_at);
  IF v_batches IS NOT NULL THEN PERFORM forget_batches(v_batches); END IF;

  IF v_keys < p_limit AND v_requests < p_limit AND v_events < p_limit THEN
    DELETE FROM purged_partition p WHERE p.day = d.day;
  ELSE
    UPDATE purged_partition p SET dedupe_id = coalesce(v_next_dedupe, v_end),
                            request_id = coalesce(v_next_request, v_end),
                            event_id = coalesce(v_next_event, v_end)
     WHERE p.day = d.day;
  END IF;
  RETURN true;
END $$;

-- Deletes those batches, by their request ids, that have no mail in the log.
CREATE OR REPLACE FUNCTION forget_batches(p_request_ids text[]) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
  v_days int8[];  -- partitions of the log; later days have none yet
  v_last_day int8;
  v_ended text[];
  v_batches int8[];
BEGIN
  SELECT array_agg(l.day), coalesce(max(l.day), day_of(now())) INTO v_days, v_last_day
    FROM log_partitions() l;
  SELECT array_agg(u.id) INTO v_ended
    FROM unnest(p_request_ids) AS u(id)
   WHERE NOT EXISTS (SELECT FROM request r
                      WHERE r.request_id = u.id
                        AND (partition_of(r.first_id >> 47) = ANY (v_days)
                             OR r.first_id >> 47 > v_last_day));
  DELETE FROM request r WHERE r.request_id = ANY (v_ended);
  WITH deleted AS (DELETE FROM batch b WHERE b.request_id = ANY (v_ended) RETURNING b.batch_id)
  SELECT array_agg(d.batch_id) INTO v_batches FROM deleted d;
  DELETE FROM cancellation c WHERE c.batch_id = ANY (v_batches);
  DELETE FROM content_left k WHERE k.batch_id = ANY (v_batches);
END $$;
