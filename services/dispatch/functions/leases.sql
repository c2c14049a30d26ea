-- Ends claims and returns their mails without an outcome to the queue: unchanged, or, if the holder
-- is presumed dead, with the next delivery count and marked as recovered. Returns how many.
CREATE OR REPLACE FUNCTION release_claims(p_claims int8[], p_recovered bool) RETURNS int4
LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
  v_now timestamptz;
  v_count int4;
BEGIN
  PERFORM pg_current_xact_id();  -- before the clock is read: low watermarks rely on it
  v_now := clock_timestamp();
  WITH ended AS (
    DELETE FROM claim c WHERE c.claim_id = ANY (p_claims) RETURNING c.*
  )
  INSERT INTO queue (due_time, msg_id, shard, lane, delivery_count, attempt, recovered)
  SELECT v_now + u.ord * interval '1 microsecond', u.id, e.shard, e.lane,
         u.delivery_count + p_recovered::int4, u.attempt, u.recovered OR p_recovered
    FROM ended e
    CROSS JOIN LATERAL unnest(e.msg_ids, e.delivery_counts, e.attempts, e.recovered)
      WITH ORDINALITY AS u(id, delivery_count, attempt, recovered, ord)
    LEFT JOIN LATERAL (SELECT r.msg_id FROM result r
                        WHERE r.shard = e.shard AND r.msg_id = u.id
                          AND r.delivery_count = u.delivery_count LIMIT 1) done ON true
   WHERE done.msg_id IS NULL;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;

-- Extends the leases of those p_claims that are still held, and returns them.
CREATE OR REPLACE FUNCTION extend_claims(p_claims int8[], p_lease interval) RETURNS SETOF int8
LANGUAGE sql SET search_path FROM CURRENT AS $$
  UPDATE claim SET lease_expire_time = clock_timestamp() + p_lease,
                   renew_by_time = clock_timestamp() + p_lease / 2, overdue_time = NULL
   WHERE claim_id = ANY (p_claims) RETURNING claim_id
$$;

-- Returns the mails of expired claims to the queue. While the database is down, the leases of live
-- holders expire too. So an expired lease alone proves nothing: the holder gets half a lease more,
-- from the time at which a check found it overdue.
CREATE OR REPLACE FUNCTION recover_expired(p_limit int4, OUT claims int4, OUT mails int4)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE v_claims int8[];
BEGIN
  UPDATE claim SET overdue_time = clock_timestamp()
   WHERE claim_id IN (SELECT c.claim_id FROM claim c
                       WHERE c.overdue_time IS NULL AND c.renew_by_time < clock_timestamp()
                         FOR UPDATE SKIP LOCKED);
  SELECT array_agg(d.claim_id) INTO v_claims
    FROM (SELECT c.claim_id FROM claim c
           WHERE c.lease_expire_time < clock_timestamp()
             AND c.overdue_time < clock_timestamp() - (c.lease_expire_time - c.renew_by_time)
           ORDER BY c.lease_expire_time LIMIT p_limit FOR UPDATE SKIP LOCKED) d;
  claims := coalesce(cardinality(v_claims), 0);
  mails := release_claims(v_claims, true);
END $$;
