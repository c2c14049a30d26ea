-- Returns the progress of students in each course in which they were active during a week. p_days
-- holds eight times: the beginning of each day in the school's time zone, and the end of the week.
CREATE OR REPLACE FUNCTION weekly_progress(p_students text[], p_days timestamptz[])
RETURNS TABLE (student_id text, course_id text, title text, url text, lesson_count int4,
               lessons_completed int4, total_lessons_completed int4, quizzes_passed int4,
               watched_ms int8, active_days int2)
STABLE LANGUAGE sql SET search_path = report, pg_temp AS $$
  WITH progress AS MATERIALIZED (
    SELECT a.student_id, a.course_id,
           sum(a.watched_ms)::int8 AS watched_ms,
           count(DISTINCT a.item_id) FILTER (WHERE a.kind = 5 AND a.passed)::int4 AS quizzes_passed,
           bit_or(1 << (width_bucket(a.activity_time, p_days) - 1))::int2 AS active_days
      FROM activity a
     WHERE a.student_id = ANY (p_students)
       AND a.activity_time >= p_days[1] AND a.activity_time < p_days[8]
       AND a.kind IN (3, 4, 5)
     GROUP BY a.student_id, a.course_id)
  SELECT p.student_id, p.course_id, coalesce(c.title, ''), coalesce(c.url, ''),
         coalesce(c.lesson_count, 0), l.in_week, l.total, p.quizzes_passed, p.watched_ms,
         p.active_days
    FROM progress p
    LEFT JOIN course c USING (course_id)
   CROSS JOIN LATERAL (
         SELECT count(*)::int4 AS total,
                count(*) FILTER (WHERE complete_time >= p_days[1])::int4 AS in_week
           FROM lesson_completion d
          WHERE d.student_id = p.student_id AND d.course_id = p.course_id
            AND d.complete_time < p_days[8]) l
$$;
