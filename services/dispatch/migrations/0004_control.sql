-- Workers read cancellations by ascending id, so ids must become visible in that order: who cancels
-- holds this lock until its commit.
CREATE FUNCTION lock_cancellations() RETURNS void LANGUAGE sql AS
$$ SELECT pg_advisory_xact_lock(hashtextextended('dispatch cancellations', 0)) $$;

-- Where a mail that waits is in the queue. Not known, and NULL, of a mail that was given back.
CREATE FUNCTION queued_at(p_id int8, p_due timestamptz) RETURNS timestamptz STABLE LANGUAGE sql
SET search_path = dispatch, pg_temp AS $$
  SELECT coalesce((SELECT k.due_at
                     FROM (SELECT r.step + 1 AS step, r.retry_at AS due_at FROM result r
                            WHERE r.msg_id = p_id
                           UNION ALL
                           SELECT y.step, y.due_at FROM retry y WHERE y.msg_id = p_id) k
                    WHERE k.due_at IS NOT NULL ORDER BY k.step DESC LIMIT 1), p_due)
$$;

-- Cancels one mail: 0 cancelled, 1 a worker holds it and was asked, 2 too late, 3 unknown.
CREATE FUNCTION cancel_message(p_id int8) RETURNS int4 LANGUAGE plpgsql
SET search_path = dispatch, pg_temp AS $$
DECLARE
  m record;
  r record;
  v_now timestamptz;
BEGIN
  PERFORM lock_cancellations();
  v_now := clock_timestamp();
  SELECT s.* INTO m FROM scheduled s WHERE s.msg_id = p_id FOR UPDATE;
  IF FOUND THEN
    INSERT INTO cancellation (at, msg_id) VALUES (v_now, p_id) ON CONFLICT DO NOTHING;
    IF FOUND THEN
      INSERT INTO tally (at, batch_id, count, lane, kind, reason, template_key)
      VALUES (v_now, m.batch_id, 1, m.lane, 4, 20, m.template_key);
    END IF;
    RETURN 0;
  END IF;

  SELECT x.* INTO m FROM message x WHERE x.msg_id = p_id;
  IF NOT FOUND THEN RETURN 3; END IF;
  DELETE FROM queue q WHERE q.shard = m.shard AND q.lane = m.lane AND q.msg_id = p_id
     AND q.due_at = queued_at(p_id, m.due_at)
  RETURNING q.step, q.attempt INTO r;
  IF FOUND THEN
    INSERT INTO result (msg_id, claim_id, at, shard, step, attempt, kind, reason)
    VALUES (p_id, 0, v_now, m.shard, r.step, r.attempt, 4, 20);
    INSERT INTO tally (at, batch_id, count, lane, kind, reason, template_key)
    VALUES (v_now, m.batch_id, 1, m.lane, 4, 20, m.template_key);
    RETURN 0;
  END IF;

  IF EXISTS (SELECT FROM result x WHERE x.msg_id = p_id AND x.kind = 1) THEN RETURN 2; END IF;
  SELECT x.kind, x.step INTO r FROM result x WHERE x.msg_id = p_id ORDER BY x.step DESC LIMIT 1;
  IF r.kind <> 2 AND NOT EXISTS (SELECT FROM retry y
                                  WHERE y.msg_id = p_id AND y.step > r.step) THEN
    RETURN CASE r.kind WHEN 4 THEN 0 ELSE 2 END;
  END IF;
  INSERT INTO cancellation (at, msg_id) VALUES (v_now, p_id) ON CONFLICT DO NOTHING;
  RETURN 1;
END $$;

-- Marks a batch. False if it is unknown.
CREATE FUNCTION cancel_batch(p_id int8) RETURNS bool LANGUAGE plpgsql
SET search_path = dispatch, pg_temp AS $$
BEGIN
  PERFORM lock_cancellations();
  UPDATE batch b SET cancelled_at = clock_timestamp()
   WHERE b.batch_id = p_id AND b.cancelled_at IS NULL;
  IF FOUND THEN
    INSERT INTO cancellation (at, batch_id) VALUES (clock_timestamp(), p_id);
    RETURN true;
  END IF;
  RETURN EXISTS (SELECT FROM batch b WHERE b.batch_id = p_id);
END $$;

-- Puts a mail with a final outcome back: 0 done, now or earlier, 1 its state forbids it, 2 unknown.
CREATE FUNCTION retry_message(p_id int8, p_request_id text) RETURNS int4 LANGUAGE plpgsql
SET search_path = dispatch, pg_temp AS $$
DECLARE
  m record;
  r record;
  v_now timestamptz;
  v_far bool;
BEGIN
  PERFORM lock_cancellations();
  PERFORM pg_current_xact_id();  -- before the clock is read: what the claims' floors rely on
  v_now := clock_timestamp();
  IF EXISTS (SELECT FROM retry y WHERE y.msg_id = p_id AND y.request_id = p_request_id) THEN
    RETURN 0;
  END IF;
  SELECT s.* INTO m FROM scheduled s WHERE s.msg_id = p_id FOR UPDATE;
  v_far := FOUND;
  IF v_far THEN
    SELECT 0 AS step, 0 AS attempt, 4 AS kind, 20 AS reason, c.at INTO r
      FROM cancellation c WHERE c.msg_id = p_id;
    IF NOT FOUND THEN RETURN 1; END IF;
  ELSE
    SELECT x.* INTO m FROM message x WHERE x.msg_id = p_id;
    IF NOT FOUND THEN RETURN 2; END IF;
    SELECT x.step, x.attempt, x.kind, x.reason, x.at INTO r
      FROM result x WHERE x.msg_id = p_id ORDER BY x.step DESC LIMIT 1;
    IF NOT FOUND OR r.kind IN (1, 2)
       OR EXISTS (SELECT FROM result x WHERE x.msg_id = p_id AND x.kind = 1)
       OR EXISTS (SELECT FROM retry y WHERE y.msg_id = p_id AND y.step > r.step) THEN
      RETURN 1;
    END IF;
    INSERT INTO queue (due_at, msg_id, shard, lane, step, attempt)
    VALUES (v_now, p_id, m.shard, m.lane, r.step + 1, r.attempt);
  END IF;
  INSERT INTO retry (msg_id, at, due_at, step, request_id)
  VALUES (p_id, v_now, CASE WHEN v_far THEN m.due_at ELSE v_now END, r.step + 1, p_request_id)
  ON CONFLICT (msg_id, step) DO NOTHING;
  DELETE FROM cancellation c WHERE c.msg_id = p_id;
  INSERT INTO tally (at, batch_id, count, lane, kind, reason, template_key)
  VALUES (r.at, m.batch_id, -1, m.lane, r.kind, r.reason, m.template_key);
  RETURN 0;
END $$;

-- How many rows `p_from`, a table with its WHERE clause, has: counted up to p_exact, beyond that the
-- planner's estimate, which costs nothing however many there are.
CREATE FUNCTION count_up_to(p_exact int4, p_from text) RETURNS int8
LANGUAGE plpgsql SET search_path = dispatch, pg_temp SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  v_count int8;
  v_plan json;
BEGIN
  EXECUTE format('SELECT count(*) FROM (SELECT FROM %s LIMIT %s) counted', p_from, p_exact + 1)
    INTO v_count;
  IF v_count > p_exact THEN
    EXECUTE 'EXPLAIN (FORMAT JSON) SELECT FROM ' || p_from INTO v_plan;
    v_count := greatest(v_count, (v_plan -> 0 -> 'Plan' ->> 'Plan Rows')::float8::int8);
  END IF;
  RETURN v_count;
END $$;

-- One row a lane. p_lanes, p_shards and p_floors are the due times below which nothing is left: what
-- was deleted there may not be vacuumed yet. Shards are spelt out, which makes counts index ranges.
CREATE FUNCTION lane_depths(p_exact int4, p_lanes int2[], p_shards int2[], p_floors timestamptz[])
RETURNS TABLE (lane int2, paused bool, pause_detail text, due int8, waiting int8, scheduled int8,
               in_flight int8, oldest_due timestamptz)
LANGUAGE plpgsql SET search_path = dispatch, pg_temp SET jit = off AS $$
BEGIN
  RETURN QUERY
  WITH head AS (
    SELECT h.*, coalesce(f.due, '-infinity') AS floor,
           format('(SELECT FROM queue WHERE shard = %L AND lane = %L '
                  'AND due_at > %%L AND due_at <= %%L)', h.shard, h.lane) AS rows_between
      FROM lane_head h
      LEFT JOIN unnest(p_lanes, p_shards, p_floors) AS f(lane, shard, due)
        ON f.lane = h.lane AND f.shard = h.shard
  ), lanes AS (
    SELECT h.lane, bool_or(h.paused) AS paused, max(h.pause_detail) AS pause_detail,
           string_agg(format(h.rows_between, h.floor, now()), ' UNION ALL ') AS due,
           string_agg(format(h.rows_between, greatest(h.floor, now()), 'infinity'), ' UNION ALL ')
             AS waiting,
           min(q.due_at) FILTER (WHERE q.due_at <= now()) AS oldest_due
      FROM head h
      LEFT JOIN LATERAL (SELECT x.due_at FROM queue x
                          WHERE x.shard = h.shard AND x.lane = h.lane AND x.due_at > h.floor
                          ORDER BY x.due_at, x.msg_id LIMIT 1) q ON true
     GROUP BY h.lane
  )
  SELECT l.lane, l.paused, l.pause_detail, count_up_to(p_exact, format('(%s) q', l.due)),
         count_up_to(p_exact, format('(%s) q', l.waiting)),
         count_up_to(p_exact, format('scheduled WHERE lane = %s', l.lane)),
         coalesce(c.mails, 0), l.oldest_due
    FROM lanes l
    LEFT JOIN (SELECT c.lane, sum(cardinality(c.msg_ids))::int8 AS mails FROM claim c
                GROUP BY c.lane) c ON c.lane = l.lane
   ORDER BY l.lane;
END $$;
