-- Runs when the service finds that its database was restored to an earlier time: see
-- libs/service/functions/observe_database.sql. Weekly mail that a run had not sent by then may have
-- been sent since, so the run does not go on by itself.
CREATE OR REPLACE FUNCTION after_restore(p_restored_to timestamptz) RETURNS void LANGUAGE sql
SET search_path FROM CURRENT AS $$
  UPDATE weekly_report_run
     SET state = 4, end_time = clock_timestamp(),
         detail = format('the database was restored to %s: mail may have been sent since',
                         to_char(p_restored_to, 'YYYY-MM-DD"T"HH24:MI:SSOF'))
   WHERE state IN (1, 2)
$$;
