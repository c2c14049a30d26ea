-- What happens when the service finds that its database was restored to an earlier time: see
-- libs/service/functions/observe_database.sql.

-- Ids that were given out after that time name other mail, in the log of a mail server and in what
-- providers report. So none is used again: the next ones are further on than a lost day can reach.
CREATE OR REPLACE FUNCTION skip_ids() RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = dispatch, pg_temp AS $$
  SELECT setval(s, nextval(s) + 1000000000)
    FROM unnest(ARRAY['message_seq', 'claim_seq', 'batch_seq',
                      pg_get_serial_sequence('cancellation', 'cancel_id')]::regclass[]) s
$$;

-- Mail that was due may have been sent since. It becomes UNCERTAIN (kind 6, reason 22), unless a
-- provider has reported about it, and all lanes are paused.
CREATE OR REPLACE FUNCTION after_restore(p_restored_to timestamptz) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT SET jit = off AS $$
DECLARE v_now timestamptz;
BEGIN
  PERFORM skip_ids();
  UPDATE lane_lock
     SET paused = true,
         pause_detail = format(
           'the database was restored to %s: mail that was due is UNCERTAIN, see RetryRestored%s',
           to_char(p_restored_to, 'YYYY-MM-DD"T"HH24:MI:SSOF'),
           CASE WHEN NOT paused THEN ''
                WHEN pause_detail LIKE 'the database was restored%'
                THEN coalesce(substring(pause_detail FROM '; paused before: .*'), '')
                ELSE '; paused before: ' || pause_detail END);
  LOOP
    EXIT WHEN promote(100000) = 0;
  END LOOP;
  v_now := clock_timestamp();
  WITH waiting AS (
    DELETE FROM queue q WHERE q.due_time <= v_now
    RETURNING q.shard, q.msg_id, q.delivery_count, q.attempt
  ), ended AS (
    DELETE FROM claim c RETURNING c.*
  ), unknown AS (
    SELECT w.shard, w.msg_id, w.delivery_count, w.attempt FROM waiting w
    UNION ALL
    SELECT e.shard, u.id, u.delivery_count, u.attempt
      FROM ended e
      CROSS JOIN LATERAL unnest(e.msg_ids, e.delivery_counts, e.attempts)
        AS u(id, delivery_count, attempt)
     WHERE NOT EXISTS (SELECT FROM result r
                        WHERE r.shard = e.shard AND r.msg_id = u.id
                          AND r.delivery_count = u.delivery_count)
  ), recorded AS (
    -- One more, because a journal may know that this delivery was accepted.
    INSERT INTO result (msg_id, claim_id, record_time, shard, delivery_count, attempt, kind, reason)
    SELECT u.msg_id, 0, v_now, u.shard, u.delivery_count + 1, u.attempt, 6, 22
      FROM unknown u
    ON CONFLICT DO NOTHING
    RETURNING shard, msg_id
  )
  INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
  SELECT v_now, m.batch_id, count(*), m.lane, 6, 22, m.template_key
    FROM recorded r JOIN message m USING (shard, msg_id)
   GROUP BY m.batch_id, m.lane, m.template_key;
  PERFORM resolve_uncertain(array_agg(e.msg_id), array_agg(e.type))
     FROM result r JOIN event e USING (shard, msg_id)
    WHERE r.record_time = v_now AND r.kind = 6 AND r.reason = 22 AND e.type IN (1, 2, 4, 5, 6)
   HAVING count(*) > 0;
END $$;

-- Returns mail that a restore made UNCERTAIN to the queue, of p_categories or of all if there are
-- none, unless something is known of it by now. Of those with ids above p_after, the first p_limit;
-- last_id is NULL when there are no more.
CREATE OR REPLACE FUNCTION retry_restored(
  p_categories int2[], p_after int8, p_limit int4,
  OUT retried int4, OUT last_id int8)
LANGUAGE plpgsql SET search_path FROM CURRENT SET jit = off AS $$
DECLARE v_now timestamptz;
BEGIN
  PERFORM lock_cancellations();
  PERFORM pg_current_xact_id();  -- before the clock is read: low watermarks rely on it
  v_now := clock_timestamp();
  SELECT max(n.msg_id) INTO last_id
    FROM (SELECT r.msg_id FROM result r
           WHERE r.kind = 6 AND r.reason = 22 AND r.msg_id > p_after
           ORDER BY r.msg_id LIMIT p_limit) n;
  WITH uncertain AS MATERIALIZED (
    SELECT r.msg_id, r.record_time, r.delivery_count, r.attempt, m.shard, m.lane, m.batch_id,
           m.template_key
      FROM result r JOIN message m ON m.shard = r.shard AND m.msg_id = r.msg_id
     WHERE r.kind = 6 AND r.reason = 22 AND r.msg_id > p_after AND r.msg_id <= last_id
       AND (p_categories = '{}' OR m.category = ANY (p_categories))
       AND NOT EXISTS (SELECT FROM result s
                        WHERE s.shard = r.shard AND s.msg_id = r.msg_id
                          AND (s.kind = 1 OR s.delivery_count > r.delivery_count))
       AND NOT EXISTS (SELECT FROM retry y
                        WHERE y.msg_id = r.msg_id AND y.delivery_count > r.delivery_count)
  ), noted AS (
    INSERT INTO retry (msg_id, create_time, due_time, delivery_count, request_id)
    SELECT u.msg_id, v_now, v_now, u.delivery_count + 1, 'restored/' || u.delivery_count
      FROM uncertain u
    ON CONFLICT DO NOTHING
    RETURNING msg_id
  ), queued AS (
    INSERT INTO queue (due_time, msg_id, shard, lane, delivery_count, attempt)
    SELECT v_now, u.msg_id, u.shard, u.lane, u.delivery_count + 1, u.attempt
      FROM noted n JOIN uncertain u USING (msg_id)
  ), counted AS (
    INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
    SELECT u.record_time, u.batch_id, -count(*), u.lane, 6, 22, u.template_key
      FROM noted n JOIN uncertain u USING (msg_id)
     GROUP BY u.record_time, u.batch_id, u.lane, u.template_key
  )
  SELECT count(*) INTO retried FROM noted;
END $$;
