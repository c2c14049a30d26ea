-- Creates a task for an event, or lets the event join an existing one: the open window of its
-- automation and course, or the mail that has its key and says the same. A failed mail becomes pending
-- again. For a key whose mail says something else, the task has failed from the start.
CREATE OR REPLACE FUNCTION add_task(
    p_event text, p_kind int2, p_automation text, p_template text, p_lane int2, p_audience int2,
    p_cancellable bool, p_student text, p_course text, p_mail_key text, p_window_end timestamptz,
    p_due timestamptz, p_give_up timestamptz, p_now timestamptz, p_traceparent text,
    p_content int8, p_unless int4, p_payment text)
RETURNS void LANGUAGE plpgsql SET search_path = scheduler, pg_temp AS $$
DECLARE
  v_task int8;
  v_content int8;
  v_first text;
BEGIN
  IF p_window_end IS NOT NULL THEN
    -- Two replicas must not open a window for the same course at the same time.
    PERFORM pg_advisory_xact_lock(
        hashtextextended('scheduler/window/' || p_automation || '/' || p_course, 0));
    SELECT task_id INTO v_task FROM task
     WHERE kind = 2 AND course_id = p_course AND student = '' AND automation_id = p_automation
       AND state = 1 AND attempts = 0 AND window_end > p_now
     ORDER BY task_id DESC LIMIT 1 FOR UPDATE;
  END IF;
  IF v_task IS NULL THEN
    INSERT INTO task AS t (kind, automation_id, template_name, lane, audience, cancellable, student,
                           course_id, mail_key, window_end, due_time, give_up_time, create_time,
                           traceparent, content, unless, payment_id)
    VALUES (p_kind, p_automation, p_template, p_lane, p_audience, p_cancellable, p_student,
            p_course, p_mail_key, p_window_end, p_due, p_give_up, p_now, p_traceparent,
            p_content, p_unless, p_payment)
    ON CONFLICT (mail_key) DO UPDATE SET state = 1, claimed = false, due_time = excluded.due_time,
                                         give_up_time = excluded.give_up_time,
                                         content = excluded.content, waits_for = '{}'
     WHERE t.state = 3
    RETURNING task_id INTO v_task;
  END IF;
  IF v_task IS NULL THEN
    SELECT task_id, content INTO v_task, v_content FROM task WHERE mail_key = p_mail_key;
    IF v_content <> p_content THEN
      SELECT split_part(te.event_id, E'\x1f', 1) INTO v_first
        FROM task_event te JOIN event e USING (event_id)
       WHERE te.task_id = v_task ORDER BY e.arrival_time LIMIT 1;
      INSERT INTO task (kind, automation_id, template_name, lane, audience, cancellable, student,
                        course_id, due_time, give_up_time, create_time, content, unless, payment_id,
                        state, detail)
      VALUES (p_kind, p_automation, p_template, p_lane, p_audience, p_cancellable, p_student,
              p_course, p_due, p_give_up, p_now, p_content, p_unless, '', 3,
              format('mail %s is that of event %s, which says something else; it is sent once',
                     p_mail_key, coalesce(v_first, '')))
      RETURNING task_id INTO v_task;
    END IF;
  END IF;
  INSERT INTO task_event (event_id, task_id) VALUES (p_event, v_task) ON CONFLICT DO NOTHING;
END $$;
