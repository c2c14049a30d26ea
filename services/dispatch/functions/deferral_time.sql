-- When a mail was last deferred before it was first handed to a transport; NULL if it was not. It may
-- leave from then on, so this is its Date. What puts it off later does not count, because every
-- attempt has the same bytes. A delivery count without a result is that of a worker that died, maybe
-- after it had sent the mail, so nothing after it counts either. A mail that ended unsent was put
-- off until it was retried.
--
-- The bounds choose partitions before execution. Has no SET search_path, so that it is inlined.
CREATE OR REPLACE FUNCTION deferral_time(p_shard int2, p_id int8, p_low int8, p_high int8)
RETURNS TABLE (deferral_time timestamptz) STABLE LANGUAGE sql AS $$
  SELECT max(coalesce(r.retry_time,
                      (SELECT y.create_time FROM retry y
                        WHERE y.msg_id = p_id AND y.delivery_count = r.delivery_count + 1)))
    FROM (SELECT r.retry_time, r.delivery_count, row_number() OVER w AS number,
                 bool_or(r.content_hash IS NOT NULL) OVER w AS handed_over
            FROM result r
           WHERE r.shard = p_shard AND r.msg_id = p_id AND r.msg_id BETWEEN p_low AND p_high
          WINDOW w AS (ORDER BY r.delivery_count)) r
   WHERE r.number = r.delivery_count AND NOT r.handed_over
$$;
