-- Erases the tasks of a student, and the events that are about nobody else. Returns false while a worker
-- executes one of them, which may tell other services about her.
CREATE OR REPLACE FUNCTION erase_person(p_recipient_id text, p_address text, p_erasure text)
RETURNS bool LANGUAGE plpgsql SET search_path = scheduler, pg_temp AS $$
DECLARE
  v_student text := 'recipients/' || p_recipient_id;
  v_busy bool;
  v_events text[];
BEGIN
  PERFORM FROM task t WHERE t.student = v_student ORDER BY t.task_id FOR UPDATE;
  SELECT coalesce(bool_or(t.state = 1 AND t.claimed AND t.due_time > now()), false),
         ARRAY(SELECT DISTINCT e.event_id FROM task_event e JOIN task s USING (task_id)
                WHERE s.student = v_student)
    INTO v_busy, v_events
    FROM task t WHERE t.student = v_student;
  IF v_busy THEN RETURN false; END IF;
  DELETE FROM task t WHERE t.student = v_student;
  DELETE FROM event e
   WHERE e.event_id = ANY (v_events)
     AND NOT EXISTS (SELECT FROM task_event k WHERE k.event_id = e.event_id);
  RETURN true;
END $$;
