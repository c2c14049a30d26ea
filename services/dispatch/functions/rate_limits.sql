-- The share of the rate that is allowed at p_now: it doubles every p_doubling seconds. Has no SET
-- search_path, so that it is inlined.
CREATE OR REPLACE FUNCTION rate_share(p_share float8, p_throttle_time timestamptz,
                                      p_now timestamptz, p_doubling float8)
RETURNS float8 IMMUTABLE
RETURN least(1, p_share *
  power(2, least(64, (extract(epoch FROM p_now - p_throttle_time) / p_doubling)::float8)));

-- Locks the row of a key, and makes it if there is none. Keys come and go (batches, domains), so
-- making one deletes those that have been idle for a day.
--
-- The commit need not wait for the disk: permits lie at most a few seconds ahead, and are past when
-- a crashed database is back.
CREATE OR REPLACE FUNCTION lock_rate_limit(p_key text) RETURNS rate_limit LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE r rate_limit;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT * INTO r FROM rate_limit l WHERE l.key = p_key FOR UPDATE;
  IF NOT FOUND THEN
    DELETE FROM rate_limit WHERE ctid = ANY (ARRAY(
      SELECT l.ctid FROM rate_limit l
       WHERE greatest(l.next_permit_time, l.urgent_waitlist_end_time, l.ordinary_waitlist_end_time,
                      l.throttle_time) < now() - interval '1 day'
       LIMIT 100 FOR UPDATE SKIP LOCKED));
    INSERT INTO rate_limit (key) VALUES (p_key) ON CONFLICT DO NOTHING;
    SELECT * INTO r FROM rate_limit l WHERE l.key = p_key FOR UPDATE;
  END IF;
  RETURN r;
END $$;

-- Acquires up to p_count permits, none more than p_ahead seconds ahead. `first` and `spacing` are
-- in seconds.
CREATE OR REPLACE FUNCTION acquire_permits(
  p_key text, p_rate float8, p_tolerance float8, p_count int4, p_ahead float8, p_urgent bool,
  p_fresh bool, p_doubling float8, OUT count int4, OUT first float8, OUT spacing float8)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  r rate_limit := lock_rate_limit(p_key);
  v_now timestamptz := clock_timestamp();
  v_share float8 := rate_share(r.share, r.throttle_time, v_now, p_doubling);
  v_rate float8 := CASE WHEN p_rate > 0 THEN p_rate ELSE r.measured_rate END * v_share;
  v_first timestamptz := greatest(r.next_permit_time, v_now - make_interval(secs => p_tolerance));
BEGIN
  count := p_count;
  first := 0;
  spacing := 0;
  IF p_rate <= 0 AND v_share >= 1 THEN RETURN; END IF;
  count := 0;
  IF p_fresh AND (CASE WHEN p_urgent THEN r.urgent_waitlist_end_time
                       ELSE r.ordinary_waitlist_end_time END) > v_now THEN
    RETURN;
  END IF;
  first := extract(epoch FROM v_first - v_now);
  spacing := 1 / v_rate;
  count := greatest(0, least(p_count, floor((p_ahead - first) * v_rate) + 1));
  IF count > 0 THEN
    UPDATE rate_limit l SET next_permit_time = v_first + make_interval(secs => count * spacing)
     WHERE l.key = p_key;
  END IF;
END $$;

-- Reserves p_count positions in a waitlist, at the full rate.
CREATE OR REPLACE FUNCTION reserve_positions(p_key text, p_rate float8, p_count int4,
                                             p_urgent bool, OUT first float8, OUT spacing float8)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  r rate_limit := lock_rate_limit(p_key);
  v_now timestamptz := clock_timestamp();
  v_first timestamptz := greatest(CASE WHEN p_urgent THEN r.urgent_waitlist_end_time
                                       ELSE r.ordinary_waitlist_end_time END,
                                  r.next_permit_time, v_now);
  v_end timestamptz;
BEGIN
  first := extract(epoch FROM v_first - v_now);
  spacing := 1 / CASE WHEN p_rate > 0 THEN p_rate ELSE greatest(r.measured_rate, 1) END;
  v_end := v_first + make_interval(secs => p_count * spacing);
  UPDATE rate_limit l
     SET urgent_waitlist_end_time =
           CASE WHEN p_urgent THEN v_end ELSE l.urgent_waitlist_end_time END,
         ordinary_waitlist_end_time =
           CASE WHEN p_urgent THEN l.ordinary_waitlist_end_time ELSE v_end END
   WHERE l.key = p_key;
END $$;

-- Lowers the key's share of its rate, by half of p_refused_share, unless that was done less than
-- p_interval seconds ago.
CREATE OR REPLACE FUNCTION throttle(p_key text, p_rate float8, p_measured_rate float8,
                                    p_refused_share float8, p_interval float8, p_doubling float8,
                                    p_min_share float8)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  r rate_limit := lock_rate_limit(p_key);
  v_now timestamptz := clock_timestamp();
  v_share float8 := rate_share(r.share, r.throttle_time, v_now, p_doubling);
BEGIN
  IF extract(epoch FROM v_now - r.throttle_time) < p_interval THEN RETURN; END IF;
  UPDATE rate_limit l
     SET share = greatest(p_min_share, v_share * (1 - p_refused_share / 2)), throttle_time = v_now,
         measured_rate = CASE WHEN p_rate <= 0 AND v_share >= 1 THEN p_measured_rate
                              ELSE l.measured_rate END
   WHERE l.key = p_key;
END $$;
