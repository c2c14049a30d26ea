-- The state of limits, one row a key; services/dispatch/limits/limit_store.h says what it means.
-- Updated some times a second for each key in use, never per mail.
CREATE TABLE rate_limit (
  key         text        COLLATE "C" PRIMARY KEY,
  next_turn   timestamptz NOT NULL DEFAULT 'epoch',
  urgent_end  timestamptz NOT NULL DEFAULT 'epoch',  -- of the line of urgent mail
  end_at      timestamptz NOT NULL DEFAULT 'epoch',  -- of the line of other mail
  spared_at   timestamptz NOT NULL DEFAULT 'epoch',
  share       float8      NOT NULL DEFAULT 1,        -- of the rate, at spared_at
  measured    float8      NOT NULL DEFAULT 0
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0);

CREATE FUNCTION share_of(p_share float8, p_spared_at timestamptz, p_now timestamptz,
                         p_recovery float8)
RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT least(1, p_share + extract(epoch FROM p_now - p_spared_at) / p_recovery) $$;

-- Locks the key's row, which it makes if there is none. Keys come and go (batches, domains), so who
-- makes one forgets those that have been idle for a day.
--
-- The commit need not wait for the disk: turns lie at most a few seconds ahead, and are past when a
-- database that crashed is back.
CREATE FUNCTION lock_rate_limit(p_key text) RETURNS rate_limit LANGUAGE plpgsql
SET search_path = dispatch, pg_temp AS $$
DECLARE r rate_limit;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT * INTO r FROM rate_limit l WHERE l.key = p_key FOR UPDATE;
  IF NOT FOUND THEN
    DELETE FROM rate_limit WHERE ctid = ANY (ARRAY(
      SELECT l.ctid FROM rate_limit l
       WHERE greatest(l.next_turn, l.urgent_end, l.end_at, l.spared_at) < now() - interval '1 day'
       LIMIT 100 FOR UPDATE SKIP LOCKED));
    INSERT INTO rate_limit (key) VALUES (p_key) ON CONFLICT DO NOTHING;
    SELECT * INTO r FROM rate_limit l WHERE l.key = p_key FOR UPDATE;
  END IF;
  RETURN r;
END $$;

-- Up to p_count turns, none further away than p_ahead seconds; first and interval in seconds.
CREATE FUNCTION take_turns(p_key text, p_rate float8, p_tolerance float8, p_count int4,
                           p_ahead float8, p_urgent bool, p_fresh bool, p_recovery float8,
                           OUT count int4, OUT first float8, OUT spacing float8)
LANGUAGE plpgsql SET search_path = dispatch, pg_temp AS $$
DECLARE
  r rate_limit := lock_rate_limit(p_key);
  v_now timestamptz := clock_timestamp();
  v_share float8 := share_of(r.share, r.spared_at, v_now, p_recovery);
  v_rate float8 := CASE WHEN p_rate > 0 THEN p_rate ELSE r.measured END * v_share;
  v_first timestamptz := greatest(r.next_turn, v_now - make_interval(secs => p_tolerance));
BEGIN
  count := p_count;
  first := 0;
  spacing := 0;
  IF p_rate <= 0 AND v_share >= 1 THEN RETURN; END IF;
  count := 0;
  IF p_fresh AND (CASE WHEN p_urgent THEN r.urgent_end ELSE r.end_at END) > v_now THEN
    RETURN;
  END IF;
  first := extract(epoch FROM v_first - v_now);
  spacing := 1 / v_rate;
  count := greatest(0, least(p_count, floor((p_ahead - first) * v_rate) + 1));
  IF count > 0 THEN
    UPDATE rate_limit l SET next_turn = v_first + make_interval(secs => count * spacing)
     WHERE l.key = p_key;
  END IF;
END $$;

-- p_count places in a line, at the full rate.
CREATE FUNCTION join_line(p_key text, p_rate float8, p_count int4, p_urgent bool,
                          OUT first float8, OUT spacing float8)
LANGUAGE plpgsql SET search_path = dispatch, pg_temp AS $$
DECLARE
  r rate_limit := lock_rate_limit(p_key);
  v_now timestamptz := clock_timestamp();
  v_first timestamptz := greatest(CASE WHEN p_urgent THEN r.urgent_end ELSE r.end_at END,
                                  r.next_turn, v_now);
  v_end timestamptz;
BEGIN
  first := extract(epoch FROM v_first - v_now);
  spacing := 1 / CASE WHEN p_rate > 0 THEN p_rate ELSE greatest(r.measured, 1) END;
  v_end := v_first + make_interval(secs => p_count * spacing);
  UPDATE rate_limit l
     SET urgent_end = CASE WHEN p_urgent THEN v_end ELSE l.urgent_end END,
         end_at = CASE WHEN p_urgent THEN l.end_at ELSE v_end END
   WHERE l.key = p_key;
END $$;

-- Halves the key's share of its rate, unless that was just done.
CREATE FUNCTION spare(p_key text, p_rate float8, p_measured float8, p_interval float8,
                      p_recovery float8, p_least float8)
RETURNS void LANGUAGE plpgsql SET search_path = dispatch, pg_temp AS $$
DECLARE
  r rate_limit := lock_rate_limit(p_key);
  v_now timestamptz := clock_timestamp();
  v_share float8 := share_of(r.share, r.spared_at, v_now, p_recovery);
BEGIN
  IF extract(epoch FROM v_now - r.spared_at) < p_interval THEN RETURN; END IF;
  UPDATE rate_limit l
     SET share = greatest(p_least, v_share / 2), spared_at = v_now,
         measured = CASE WHEN p_rate <= 0 AND v_share >= 1 THEN p_measured ELSE l.measured END
   WHERE l.key = p_key;
END $$;
