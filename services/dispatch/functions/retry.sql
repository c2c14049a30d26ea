-- Returns a mail with a final outcome to the queue, once for each request id. Returns 0: done, now
-- or earlier, 1: not allowed in its state, 2: no such mail, 3: its content was dropped.
CREATE OR REPLACE FUNCTION retry_message(p_id int8, p_request_id text) RETURNS int4 LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  m record;
  r record;
  v_now timestamptz;
  v_scheduled bool;
BEGIN
  PERFORM lock_content();  -- first, because it may take as long as a step of drop_content()
  PERFORM lock_cancellations();
  PERFORM pg_current_xact_id();  -- before the clock is read: low watermarks rely on it
  v_now := clock_timestamp();
  IF EXISTS (SELECT FROM retry y WHERE y.msg_id = p_id AND y.request_id = p_request_id) THEN
    RETURN 0;
  END IF;
  SELECT s.* INTO m FROM scheduled s
   WHERE s.shard = shard_of(p_id) AND s.msg_id = p_id FOR UPDATE;
  v_scheduled := FOUND;
  IF v_scheduled THEN
    SELECT 0 AS delivery_count, 0 AS attempt, 4 AS kind, 20 AS reason, c.create_time AS record_time
      INTO r
      FROM cancellation c WHERE c.msg_id = p_id;
    IF NOT FOUND THEN RETURN 1; END IF;
  ELSE
    SELECT x.* INTO m FROM message x WHERE x.shard = shard_of(p_id) AND x.msg_id = p_id;
    IF NOT FOUND THEN RETURN 2; END IF;
    SELECT x.delivery_count, x.attempt, x.kind, x.reason, x.record_time INTO r
      FROM result x
     WHERE x.shard = m.shard AND x.msg_id = p_id ORDER BY x.delivery_count DESC LIMIT 1;
    IF NOT FOUND OR r.kind IN (1, 2) OR (r.kind = 3 AND r.reason = 3)  -- it bounced
       OR EXISTS (SELECT FROM result x
                  WHERE x.shard = m.shard AND x.msg_id = p_id AND x.kind = 1)
       OR EXISTS (SELECT FROM retry y
                   WHERE y.msg_id = p_id AND y.delivery_count > r.delivery_count) THEN
      RETURN 1;
    END IF;
    IF m.content_drop_time IS NOT NULL THEN RETURN 3; END IF;
    INSERT INTO queue (due_time, msg_id, shard, lane, delivery_count, attempt)
    VALUES (v_now, p_id, m.shard, m.lane, r.delivery_count + 1, r.attempt);
  END IF;
  INSERT INTO retry (msg_id, create_time, due_time, delivery_count, request_id)
  VALUES (p_id, v_now, CASE WHEN NOT v_scheduled THEN v_now END, r.delivery_count + 1,
          p_request_id);
  DELETE FROM cancellation c WHERE c.msg_id = p_id;
  INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
  VALUES (r.record_time, m.batch_id, -1, m.lane, r.kind, r.reason, m.template_key);
  RETURN 0;
END $$;
