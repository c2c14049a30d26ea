-- Runs when the service finds that its database was restored to an earlier time: see
-- libs/service/functions/observe_database.sql. What was due may have been done since, so nothing that
-- sends mail is done again by itself: mail of events that was due fails, and weekly reports that were
-- due wait for an operator.
CREATE OR REPLACE FUNCTION after_restore(p_restored_to timestamptz) RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_detail text := format('the database was restored to %s: this may have been done since',
                          to_char(p_restored_to, 'YYYY-MM-DD"T"HH24:MI:SSOF'));
BEGIN
  -- A claimed task was due when it was claimed.
  UPDATE task SET state = 3, claimed = false, detail = v_detail
   WHERE kind = 2 AND state = 1 AND (claimed OR due_time <= v_now);
  UPDATE schedule_run r SET state = 4, detail = v_detail, end_time = v_now
    FROM schedule s
   WHERE s.schedule_id = r.schedule_id AND s.action = 1 AND r.state IN (1, 2);
  UPDATE schedule SET paused = true, next_run_time = NULL, update_time = v_now,
                      revision = revision + 1
   WHERE action = 1 AND NOT paused AND next_run_time <= v_now;
END $$;
