-- Erases what a student did and her reports. With p_keep_facts they stay, under a random id that leads to
-- nobody, so that they are counted. Returns false while a run of weekly reports is being executed, which
-- may send hers.
CREATE OR REPLACE FUNCTION erase_person(p_recipient_id text, p_address text, p_erasure text,
                                        p_keep_facts bool)
RETURNS bool LANGUAGE plpgsql SECURITY DEFINER SET search_path = report, pg_temp AS $$
DECLARE
  v_nobody text := 'erased-' || gen_random_uuid();
BEGIN
  IF p_recipient_id = '' THEN
    RAISE EXCEPTION 'erase_person needs a recipient' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF EXISTS (SELECT FROM weekly_report_run r
              WHERE (r.state = 2 AND r.lease_expire_time > now())
                 OR (r.state IN (1, 2) AND r.cursor = p_recipient_id)) THEN
    RETURN false;
  END IF;
  UPDATE weekly_report_run r SET cursor = '' WHERE r.cursor = p_recipient_id;
  IF NOT p_keep_facts THEN
    DELETE FROM activity a WHERE a.student_id = p_recipient_id;
    DELETE FROM enrollment e WHERE e.student_id = p_recipient_id;
    DELETE FROM lesson_completion l WHERE l.student_id = p_recipient_id;
    DELETE FROM weekly_report r WHERE r.student_id = p_recipient_id;
    DELETE FROM weekly_report_course c WHERE c.student_id = p_recipient_id;
    RETURN true;
  END IF;
  -- Ids of activities are their senders' texts.
  UPDATE activity a SET student_id = v_nobody, activity_id = 'erased-' || gen_random_uuid()
   WHERE a.student_id = p_recipient_id;
  UPDATE enrollment e SET student_id = v_nobody, enrolled = false
   WHERE e.student_id = p_recipient_id;
  UPDATE lesson_completion l SET student_id = v_nobody WHERE l.student_id = p_recipient_id;
  UPDATE weekly_report r SET student_id = v_nobody, rejection = NULL,
                             mail_state = CASE r.mail_state WHEN 0 THEN 2 ELSE r.mail_state END
   WHERE r.student_id = p_recipient_id;
  UPDATE weekly_report_course c SET student_id = v_nobody WHERE c.student_id = p_recipient_id;
  RETURN true;
END $$;
