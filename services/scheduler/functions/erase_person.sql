-- Erases the events about a student and what they cause. Events are found by their student, by the tasks
-- that name her and, because some name her elsewhere, by their bodies. Returns false while a worker executes one of the
-- tasks, which may tell other services about her.
CREATE OR REPLACE FUNCTION erase_person(p_recipient_id text, p_address text, p_erasure text)
RETURNS bool LANGUAGE plpgsql SET search_path = scheduler, pg_temp AS $$
DECLARE
  v_student text := 'recipients/' || p_recipient_id;
  -- As a field of a protobuf message: the length, then the text.
  v_field bytea := set_byte('\x00', 0, length(v_student)) || convert_to(v_student, 'UTF8');
  v_events text[];
  v_tasks int8[];
BEGIN
  v_events := ARRAY(SELECT e.event_id FROM task_event e JOIN task t USING (task_id)
                     WHERE t.student = v_student
                    UNION
                    SELECT e.event_id FROM event e
                     WHERE e.student = v_student
                   UNION
                   SELECT e.event_id FROM event e
                    WHERE e.body IS NOT NULL AND position(v_field IN e.body) > 0);
  -- An event is about one student, so its tasks are too, unless events of others joined them.
  v_tasks := ARRAY(SELECT t.task_id FROM task t WHERE t.student = v_student
                   UNION
                   SELECT e.task_id FROM task_event e
                    WHERE e.event_id = ANY (v_events)
                      AND NOT EXISTS (SELECT FROM task_event o WHERE o.task_id = e.task_id
                                                                 AND o.event_id <> ALL (v_events)));
  PERFORM FROM task t WHERE t.task_id = ANY (v_tasks) ORDER BY t.task_id FOR UPDATE;
  IF EXISTS (SELECT FROM task t WHERE t.task_id = ANY (v_tasks)
                                  AND t.state = 1 AND t.claimed AND t.due_time > now()) THEN
    RETURN false;
  END IF;
  DELETE FROM task t WHERE t.task_id = ANY (v_tasks);
  DELETE FROM event e WHERE e.event_id = ANY (v_events);
  RETURN true;
END $$;
