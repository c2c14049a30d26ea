-- Renews the lease of p_holder and returns how many of p_total connections belong to it.
CREATE OR REPLACE FUNCTION share_connections(p_key text, p_holder text, p_total int4,
                                             p_lease interval)
RETURNS int4 LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  v_now timestamptz;
  v_joined timestamptz;
  v_holders int4;
  v_rank int4;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('connection_share ' || p_key, 0));
  v_now := clock_timestamp();
  DELETE FROM connection_share s WHERE s.key = p_key AND s.lease_expire_time < v_now;
  INSERT INTO connection_share AS s (key, holder, join_time, renew_time, lease_expire_time)
  VALUES (p_key, p_holder, v_now, v_now, v_now + p_lease)
  ON CONFLICT (key, holder) DO UPDATE SET renew_time = v_now, lease_expire_time = v_now + p_lease
  RETURNING s.join_time INTO v_joined;
  -- A holder that has not asked since still uses the share it had before.
  IF EXISTS (SELECT FROM connection_share s
              WHERE s.key = p_key AND s.holder <> p_holder AND s.renew_time < v_joined) THEN
    RETURN 0;
  END IF;
  SELECT count(*), count(*) FILTER (WHERE s.holder < p_holder) INTO v_holders, v_rank
    FROM connection_share s WHERE s.key = p_key;
  RETURN p_total / v_holders + (v_rank < p_total % v_holders)::int4;
END $$;
