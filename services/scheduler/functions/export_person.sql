-- All that is kept about a student: events, with their body in base64, and what they cause.
CREATE OR REPLACE FUNCTION export_person(p_recipient_id text, p_address text) RETURNS jsonb
STABLE LANGUAGE sql SET search_path = scheduler, pg_temp AS $$
  WITH hers AS MATERIALIZED (
    SELECT t.* FROM task t WHERE t.student = 'recipients/' || p_recipient_id)
  SELECT jsonb_build_object(
    'events', coalesce((
      SELECT jsonb_agg(jsonb_build_object('event_id', e.event_id, 'create_time', e.create_time,
                                          'body', encode(e.body, 'base64'))
                       ORDER BY e.create_time, e.event_id)
        FROM event e
       WHERE e.event_id IN (SELECT k.event_id FROM task_event k JOIN hers USING (task_id))), '[]'),
    'tasks', coalesce((
      SELECT jsonb_agg(to_jsonb(h) - 'traceparent' ORDER BY h.task_id) FROM hers h), '[]'))
$$;
