-- RetryMessage must not return a mail to the queue while its content is being dropped.
CREATE OR REPLACE FUNCTION lock_content() RETURNS void LANGUAGE sql
SET search_path FROM CURRENT AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('dispatch content', 0))
$$;

-- Drops the content of those p_ids that have ended: the values it was rendered with, the address it
-- went to, and what servers and providers said, because they quote addresses. `kept` are the mails
-- that still need theirs: they wait, a worker holds them, or they are UNCERTAIN.
--
-- The service may not change the log; it may drop content, with the rights of the owner.
CREATE OR REPLACE FUNCTION drop_content_of(p_ids int8[], OUT dropped int4, OUT kept int8[])
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = dispatch, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
  v_ended int8[];
  v_low int8;
  v_high int8;
BEGIN
  SELECT min(id), max(id) INTO v_low, v_high FROM unnest(p_ids) id;
  IF v_high >> 47 > last_day_to_drop() THEN
    RAISE EXCEPTION 'the content of mail of day % may not be dropped', v_high >> 47
      USING ERRCODE = 'MQ002';
  END IF;
  SELECT array_agg(m.id) FILTER (WHERE m.ended), array_agg(m.id) FILTER (WHERE NOT m.ended)
    INTO v_ended, kept
    FROM (SELECT u.id,
                 coalesce(r.kind NOT IN (2, 6)
                          AND NOT EXISTS (SELECT FROM retry y
                                           WHERE y.msg_id = u.id
                                             AND y.delivery_count > r.delivery_count), false)
                 OR EXISTS (SELECT FROM result s
                             WHERE s.shard = shard_of(u.id) AND s.msg_id = u.id
                               AND s.msg_id BETWEEN v_low AND v_high AND s.kind = 1) AS ended
            FROM unnest(p_ids) AS u(id)
            LEFT JOIN LATERAL (SELECT r.kind, r.delivery_count FROM result r
                                WHERE r.shard = shard_of(u.id) AND r.msg_id = u.id
                                  AND r.msg_id BETWEEN v_low AND v_high
                                ORDER BY r.delivery_count DESC LIMIT 1) r ON true) m;
  UPDATE message m
     SET context = NULL, target = CASE m.target_kind WHEN 2 THEN '' ELSE m.target END,
         content_drop_time = now()
    FROM unnest(v_ended) AS u(id)
   WHERE m.shard = shard_of(u.id) AND m.msg_id = u.id AND m.msg_id BETWEEN v_low AND v_high
     AND m.content_drop_time IS NULL;
  GET DIAGNOSTICS dropped = ROW_COUNT;
  UPDATE result r SET reply_text = NULL, address_hash = NULL
    FROM unnest(v_ended) AS u(id)
   WHERE r.shard = shard_of(u.id) AND r.msg_id = u.id AND r.msg_id BETWEEN v_low AND v_high
     AND num_nonnulls(r.reply_text, r.address_hash) > 0;
  UPDATE event e SET detail = ''
    FROM unnest(v_ended) AS u(id)
   WHERE e.shard = shard_of(u.id) AND e.msg_id = u.id AND e.msg_id BETWEEN v_low AND v_high
     AND e.detail <> '';
END $$;

-- Drops what the mails of a batch share, once none of them needs it.
CREATE OR REPLACE FUNCTION drop_batch_contents(p_batches int8[]) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_custom_plan SET jit = off AS $$
DECLARE
  v_first_day int8 := (SELECT min(l.day) FROM log_partitions() l);
BEGIN
  WITH dropped AS (
    UPDATE batch b SET shared_context = NULL, content_drop_time = now()
     WHERE b.batch_id = ANY (p_batches)
       AND NOT EXISTS (SELECT FROM content_left k WHERE k.batch_id = b.batch_id AND k.msg_id <> 0)
       AND NOT EXISTS (
         SELECT FROM request r LEFT JOIN content_day d ON d.day = r.first_id >> 47
          WHERE r.request_id = b.request_id AND r.first_id >> 47 >= v_first_day
            AND coalesce(d.done, 0) & (1::int8 << b.category) = 0)
    RETURNING b.batch_id
  )
  DELETE FROM content_left k USING dropped b WHERE k.batch_id = b.batch_id AND k.msg_id = 0;
END $$;

-- Drops the content of mail that was due on a day before p_before, which belongs to p_categories. A
-- call looks at one mail after another of the oldest such day, p_limit of them in one shard, and
-- remembers in content_day how far it came. Mail that still needs its content is looked at again once a day.
-- Returns whether there may be more to do. While another replica works on it, there is nothing to do.
CREATE OR REPLACE FUNCTION drop_content(
  p_categories int2[], p_before timestamptz[], p_limit int4, OUT dropped int4, OUT more bool)
LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
  d content_day;
  v_day int8;
  v_due int8;  -- a set of categories: 1 << category
  v_shard int2;
  v_last_shard int2;
  v_next int8;
  v_end int8;
  v_seen int4;
  v_last int8;
  v_ids int8[];
  v_kept int8[];
  v_batches int8[];
BEGIN
  dropped := 0;
  more := false;
  IF NOT pg_try_advisory_xact_lock(hashtextextended('dispatch content', 0)) THEN RETURN; END IF;
  SELECT l.day, l.due INTO v_day, v_due
    FROM (SELECT l.day, (SELECT coalesce(bit_or(1::int8 << c.category), 0)
                           FROM unnest(p_categories, p_before) AS c(category, before)
                          WHERE l.day < day_of(c.before)) AS due
            FROM (SELECT p.day + i AS day FROM log_partitions() p, generate_series(0, 7) i) l) l
    LEFT JOIN content_day t ON t.day = l.day
   WHERE l.due & ~coalesce(t.done, 0) <> 0
     -- It was not promoted in time, and comes into the log soon.
     AND NOT EXISTS (SELECT FROM generate_series(1, 4) AS g(lane)
                      CROSS JOIN LATERAL (
                        SELECT FROM scheduled s
                         WHERE s.lane = g.lane AND s.due_time < timestamptz '2024-01-01 00:00:00+00'
                                                              + (l.day + 2) * interval '1 day'
                         LIMIT 1) s)
   ORDER BY l.day LIMIT 1;

  IF FOUND THEN
    INSERT INTO content_day (day, doing, next_id) VALUES (v_day, v_due, first_id_of(v_day))
    ON CONFLICT DO NOTHING;
    UPDATE content_day t SET doing = v_due & ~t.done, next_id = first_id_of(v_day)
     WHERE t.day = v_day AND t.doing & v_due = 0;
    SELECT * INTO d FROM content_day t WHERE t.day = v_day;
    d.doing := d.doing & v_due;
    v_next := d.next_id;
    v_last_shard := (SELECT max(l.shard) FROM lane_lock l);
    LOOP
      v_shard := shard_of(v_next);
      v_end := first_id_of(v_day) | ((v_shard::int8 + 1) << 39);  -- ids ascend by day and shard
      SELECT count(*), max(m.msg_id),
             array_agg(m.msg_id) FILTER (WHERE m.content_drop_time IS NULL
                                           AND (1::int8 << m.category) & d.doing <> 0)
        INTO v_seen, v_last, v_ids
        FROM (SELECT m.msg_id, m.category, m.content_drop_time FROM message m
               WHERE m.shard = v_shard AND m.msg_id >= v_next AND m.msg_id < v_end
               ORDER BY m.msg_id LIMIT p_limit) m;
      EXIT WHEN v_seen > 0 OR v_shard >= v_last_shard;
      v_next := v_end;
    END LOOP;
    IF v_ids IS NOT NULL THEN
      SELECT c.dropped, c.kept INTO dropped, v_kept FROM drop_content_of(v_ids) c;
      INSERT INTO content_left (batch_id, msg_id, check_time)
      SELECT m.batch_id, m.msg_id, now() + interval '1 day' FROM message m
       WHERE m.shard = v_shard AND m.msg_id = ANY (v_kept) AND m.msg_id BETWEEN v_next AND v_last
      ON CONFLICT DO NOTHING;
      INSERT INTO content_left (batch_id, msg_id, check_time)
      SELECT b.batch_id, 0, now() FROM batch b
       WHERE b.shared_context IS NOT NULL
         AND b.batch_id = ANY (ARRAY(
           SELECT DISTINCT m.batch_id FROM message m
            WHERE m.shard = v_shard AND m.msg_id = ANY (v_ids)
              AND m.msg_id BETWEEN v_next AND v_last))
      ON CONFLICT DO NOTHING;
    END IF;
    IF v_seen = p_limit OR v_shard < v_last_shard THEN
      UPDATE content_day t SET next_id = CASE v_seen WHEN p_limit THEN v_last + 1 ELSE v_end END
       WHERE t.day = v_day;
    ELSE
      UPDATE content_day t SET done = t.done | d.doing, doing = 0 WHERE t.day = v_day;
    END IF;
    more := true;
    RETURN;
  END IF;

  SELECT array_agg(k.msg_id) FILTER (WHERE k.msg_id <> 0),
         array_agg(k.batch_id) FILTER (WHERE k.msg_id = 0), count(*) = p_limit
    INTO v_ids, v_batches, more
    FROM (SELECT k.batch_id, k.msg_id FROM content_left k WHERE k.check_time <= now()
           ORDER BY k.check_time LIMIT p_limit) k;
  IF v_ids IS NOT NULL THEN
    SELECT c.dropped, c.kept INTO dropped, v_kept FROM drop_content_of(v_ids) c;
    DELETE FROM content_left k
     WHERE k.msg_id = ANY (v_ids) AND k.msg_id <> ALL (coalesce(v_kept, '{}'));
    UPDATE content_left k SET check_time = now() + interval '1 day' WHERE k.msg_id = ANY (v_kept);
  END IF;
  IF v_batches IS NOT NULL THEN
    PERFORM drop_batch_contents(v_batches);
    UPDATE content_left k SET check_time = now() + interval '1 day'
     WHERE k.batch_id = ANY (v_batches) AND k.msg_id = 0;
  END IF;
END $$;
