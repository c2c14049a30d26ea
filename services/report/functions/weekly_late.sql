-- Returns what students did from p_from on and before p_until, the beginning of the week p_week, and was
-- recorded only after their last report of an earlier week. Students without one or the other have no
-- row.
CREATE OR REPLACE FUNCTION weekly_late(p_students text[], p_week text, p_from timestamptz,
                                       p_until timestamptz)
RETURNS TABLE (student_id text, lessons_completed int4, watched_ms int8, quizzes_passed int4)
STABLE LANGUAGE sql SET search_path = report, pg_temp AS $$
  SELECT s.student_id, l.lessons_completed, a.watched_ms, a.quizzes_passed
    FROM unnest(p_students) AS s (student_id)
   CROSS JOIN LATERAL (
         SELECT r.record_time FROM weekly_report r
          WHERE r.student_id = s.student_id AND r.week < p_week COLLATE "C"
          ORDER BY r.week DESC LIMIT 1) last
   CROSS JOIN LATERAL (
         SELECT count(*)::int4 AS lessons_completed FROM lesson_completion d
          WHERE d.student_id = s.student_id AND d.complete_time >= p_from
            AND d.complete_time < p_until AND d.record_time > last.record_time) l
   CROSS JOIN LATERAL (
         SELECT coalesce(sum(b.watched_ms), 0)::int8 AS watched_ms,
                count(DISTINCT (b.course_id, b.item_id))
                  FILTER (WHERE b.kind = 5 AND b.passed)::int4 AS quizzes_passed
           FROM activity b
          WHERE b.student_id = s.student_id AND b.activity_time >= p_from
            AND b.activity_time < p_until AND b.kind IN (4, 5)
            AND b.record_time > last.record_time) a
   WHERE l.lessons_completed > 0 OR a.watched_ms > 0 OR a.quizzes_passed > 0
$$;
