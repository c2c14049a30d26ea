-- Who has a share of connections that all replicas together may have open, one row a holder;
-- services/dispatch/limits/limit_store.h says what it means. Touched every few seconds.
CREATE TABLE connection_share (
  key       text        COLLATE "C" NOT NULL,
  holder    text        COLLATE "C" NOT NULL,
  joined_at timestamptz NOT NULL,
  asked_at  timestamptz NOT NULL,
  until     timestamptz NOT NULL,
  PRIMARY KEY (key, holder)
) WITH (fillfactor = 20);

CREATE FUNCTION share_connections(p_key text, p_holder text, p_total int4, p_lease interval)
RETURNS int4 LANGUAGE plpgsql SET search_path = dispatch, pg_temp AS $$
DECLARE
  v_now timestamptz;
  v_joined timestamptz;
  v_holders int4;
  v_rank int4;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('connection_share ' || p_key, 0));
  v_now := clock_timestamp();
  DELETE FROM connection_share s WHERE s.key = p_key AND s.until < v_now;
  INSERT INTO connection_share AS s (key, holder, joined_at, asked_at, until)
  VALUES (p_key, p_holder, v_now, v_now, v_now + p_lease)
  ON CONFLICT (key, holder) DO UPDATE SET asked_at = v_now, until = v_now + p_lease
  RETURNING s.joined_at INTO v_joined;
  -- Who has not asked since still counts on what it had before.
  IF EXISTS (SELECT FROM connection_share s
              WHERE s.key = p_key AND s.holder <> p_holder AND s.asked_at < v_joined) THEN
    RETURN 0;
  END IF;
  SELECT count(*), count(*) FILTER (WHERE s.holder < p_holder) INTO v_holders, v_rank
    FROM connection_share s WHERE s.key = p_key;
  RETURN p_total / v_holders + (v_rank < p_total % v_holders)::int4;
END $$;
