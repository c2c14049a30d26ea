-- Erases the tasks of a student, and the events about her: those that caused the tasks, and those that
-- name her and caused nothing, which are looked for in all bodies. Returns false while a worker executes
-- one of the tasks, which may tell other services about her.
CREATE OR REPLACE FUNCTION erase_person(p_recipient_id text, p_address text, p_erasure text)
RETURNS bool LANGUAGE plpgsql SET search_path = scheduler, pg_temp AS $$
DECLARE
  v_student text := 'recipients/' || p_recipient_id;
  -- As a field of a protobuf message: the length, then the text.
  v_field bytea := set_byte('\x00', 0, length(v_student)) || convert_to(v_student, 'UTF8');
  v_busy bool;
  v_events text[];
BEGIN
  PERFORM FROM task t WHERE t.student = v_student ORDER BY t.task_id FOR UPDATE;
  SELECT coalesce(bool_or(t.state = 1 AND t.claimed AND t.due_time > now()), false)
    INTO v_busy FROM task t WHERE t.student = v_student;
  IF v_busy THEN RETURN false; END IF;
  v_events := ARRAY(SELECT e.event_id FROM task_event e JOIN task t USING (task_id)
                     WHERE t.student = v_student
                    UNION
                    SELECT e.event_id FROM event e
                     WHERE e.body IS NOT NULL AND position(v_field IN e.body) > 0);
  DELETE FROM task t WHERE t.student = v_student;
  DELETE FROM event e
   WHERE e.event_id = ANY (v_events)
     AND NOT EXISTS (SELECT FROM task_event k WHERE k.event_id = e.event_id);
  RETURN true;
END $$;
