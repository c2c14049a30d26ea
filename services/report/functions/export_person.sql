-- All that is kept about a student.
CREATE OR REPLACE FUNCTION export_person(p_recipient_id text, p_address text) RETURNS jsonb
STABLE LANGUAGE sql SET search_path = report, pg_temp AS $$
  SELECT jsonb_build_object(
    'enrollments', coalesce((
      SELECT jsonb_agg(to_jsonb(e) - 'student_id' ORDER BY e.course_id)
        FROM enrollment e WHERE e.student_id = p_recipient_id), '[]'),
    'activities', coalesce((
      SELECT jsonb_agg(to_jsonb(a) - 'student_id' ORDER BY a.activity_time, a.activity_id)
        FROM activity a WHERE a.student_id = p_recipient_id), '[]'),
    'lesson_completions', coalesce((
      SELECT jsonb_agg(to_jsonb(l) - 'student_id' ORDER BY l.course_id, l.lesson_id)
        FROM lesson_completion l WHERE l.student_id = p_recipient_id), '[]'),
    'weekly_reports', coalesce((
      SELECT jsonb_agg(to_jsonb(r) - 'student_id' ORDER BY r.week)
        FROM weekly_report r WHERE r.student_id = p_recipient_id), '[]'),
    'weekly_report_courses', coalesce((
      SELECT jsonb_agg(to_jsonb(c) - 'student_id' ORDER BY c.week, c.course_id)
        FROM weekly_report_course c WHERE c.student_id = p_recipient_id), '[]'))
$$;
