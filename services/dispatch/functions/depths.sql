-- Counts the rows of p_from, a table with its WHERE clause, up to p_exact. Beyond that it returns
-- the estimate of the planner, which costs the same for any number of rows.
CREATE OR REPLACE FUNCTION count_up_to(p_exact int4, p_from text) RETURNS int8
LANGUAGE plpgsql SET search_path FROM CURRENT SET jit = off
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

-- Returns one row for each lane. p_watermarks are the due times, by p_lanes and p_shards, below
-- which no row is left but deleted ones may not be vacuumed yet. The queries name each shard, so
-- that every count is an index range.
CREATE OR REPLACE FUNCTION lane_depths(p_exact int4, p_lanes int2[], p_shards int2[],
                                       p_watermarks timestamptz[])
RETURNS TABLE (lane int2, paused bool, pause_detail text, due int8, waiting int8, scheduled int8,
               in_flight int8, oldest_due_time timestamptz)
LANGUAGE plpgsql SET search_path FROM CURRENT SET jit = off AS $$
BEGIN
  RETURN QUERY
  WITH part AS (
    SELECT p.*, coalesce(f.due, '-infinity') AS watermark,
           format('(SELECT FROM queue WHERE shard = %L AND lane = %L '
                  'AND due_time > %%L AND due_time <= %%L)', p.shard, p.lane) AS rows_between
      FROM lane_lock p
      LEFT JOIN unnest(p_lanes, p_shards, p_watermarks) AS f(lane, shard, due)
        ON f.lane = p.lane AND f.shard = p.shard
  ), lanes AS (
    SELECT p.lane, bool_or(p.paused) AS paused, max(p.pause_detail) AS pause_detail,
           string_agg(format(p.rows_between, p.watermark, now()), ' UNION ALL ') AS due,
           string_agg(format(p.rows_between, greatest(p.watermark, now()), 'infinity'),
                      ' UNION ALL ') AS waiting,
           min(q.due_time) FILTER (WHERE q.due_time <= now()) AS oldest_due_time
      FROM part p
      LEFT JOIN LATERAL (SELECT x.due_time FROM queue x
                          WHERE x.shard = p.shard AND x.lane = p.lane AND x.due_time > p.watermark
                          ORDER BY x.due_time, x.msg_id LIMIT 1) q ON true
     GROUP BY p.lane
  )
  SELECT l.lane, l.paused, l.pause_detail, count_up_to(p_exact, format('(%s) q', l.due)),
         count_up_to(p_exact, format('(%s) q', l.waiting)),
         count_up_to(p_exact, format('scheduled WHERE lane = %s', l.lane)),
         coalesce(c.mails, 0), l.oldest_due_time
    FROM lanes l
    LEFT JOIN (SELECT c.lane, sum(cardinality(c.msg_ids))::int8 AS mails FROM claim c
                GROUP BY c.lane) c ON c.lane = l.lane
   ORDER BY l.lane;
END $$;
