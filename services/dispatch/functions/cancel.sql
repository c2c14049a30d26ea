-- Workers read cancellations by ascending id, so ids must become visible in that order: whoever
-- cancels holds this lock until the commit.
CREATE OR REPLACE FUNCTION lock_cancellations() RETURNS void LANGUAGE sql
SET search_path FROM CURRENT AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('dispatch cancellations', 0))
$$;

-- The due time of a waiting mail in the queue. It is unknown for a mail that was released: the
-- result does not find such a mail.
CREATE OR REPLACE FUNCTION queue_due_time(p_id int8, p_due timestamptz) RETURNS timestamptz
STABLE LANGUAGE sql SET search_path FROM CURRENT AS $$
  SELECT coalesce((SELECT k.due_time
                     FROM (SELECT r.delivery_count + 1 AS delivery_count, r.retry_time AS due_time
                             FROM result r WHERE r.shard = shard_of(p_id) AND r.msg_id = p_id
                           UNION ALL
                           SELECT y.delivery_count, y.due_time FROM retry y WHERE y.msg_id = p_id) k
                    WHERE k.due_time IS NOT NULL ORDER BY k.delivery_count DESC LIMIT 1), p_due)
$$;

-- Cancels one mail. Returns 0: cancelled, 1: requested of the worker that has claimed it, 2: too
-- late, 3: no such mail.
CREATE OR REPLACE FUNCTION cancel_message(p_id int8) RETURNS int4 LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  m record;
  r record;
  v_now timestamptz;
BEGIN
  PERFORM lock_cancellations();
  v_now := clock_timestamp();
  SELECT s.* INTO m FROM scheduled s
   WHERE s.shard = shard_of(p_id) AND s.msg_id = p_id FOR UPDATE;
  IF FOUND THEN
    INSERT INTO cancellation (create_time, msg_id) VALUES (v_now, p_id) ON CONFLICT DO NOTHING;
    IF FOUND THEN
      INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
      VALUES (v_now, m.batch_id, 1, m.lane, 4, 20, m.template_key);
    END IF;
    RETURN 0;
  END IF;

  SELECT x.* INTO m FROM message x WHERE x.shard = shard_of(p_id) AND x.msg_id = p_id;
  IF NOT FOUND THEN RETURN 3; END IF;
  DELETE FROM queue q WHERE q.shard = m.shard AND q.lane = m.lane AND q.msg_id = p_id
     AND q.due_time = queue_due_time(p_id, m.due_time)
  RETURNING q.delivery_count, q.attempt INTO r;
  IF FOUND THEN
    INSERT INTO result (msg_id, claim_id, record_time, shard, delivery_count, attempt, kind, reason)
    VALUES (p_id, 0, v_now, m.shard, r.delivery_count, r.attempt, 4, 20);
    INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
    VALUES (v_now, m.batch_id, 1, m.lane, 4, 20, m.template_key);
    RETURN 0;
  END IF;

  IF EXISTS (SELECT FROM result x
              WHERE x.shard = m.shard AND x.msg_id = p_id AND x.kind = 1) THEN
    RETURN 2;
  END IF;
  SELECT x.kind, x.delivery_count INTO r
    FROM result x
   WHERE x.shard = m.shard AND x.msg_id = p_id ORDER BY x.delivery_count DESC LIMIT 1;
  IF r.kind <> 2
     AND NOT EXISTS (SELECT FROM retry y
                      WHERE y.msg_id = p_id AND y.delivery_count > r.delivery_count) THEN
    RETURN CASE r.kind WHEN 4 THEN 0 ELSE 2 END;
  END IF;
  INSERT INTO cancellation (create_time, msg_id) VALUES (v_now, p_id) ON CONFLICT DO NOTHING;
  RETURN 1;
END $$;

-- Marks a batch as cancelled. Returns false if there is no such batch.
CREATE OR REPLACE FUNCTION cancel_batch(p_id int8) RETURNS bool LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM lock_cancellations();
  UPDATE batch b SET cancel_time = clock_timestamp()
   WHERE b.batch_id = p_id AND b.cancel_time IS NULL;
  IF FOUND THEN
    INSERT INTO cancellation (create_time, batch_id) VALUES (clock_timestamp(), p_id);
    RETURN true;
  END IF;
  RETURN EXISTS (SELECT FROM batch b WHERE b.batch_id = p_id);
END $$;
