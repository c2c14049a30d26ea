-- Merges what was told of a course. A value counts if it was told later than the stored one: p_told
-- holds when it was so, and when that was told. Empty, 0 and NULL say nothing.
CREATE OR REPLACE FUNCTION merge_course(
    p_course text, p_title text, p_url text, p_instructor text, p_lessons int4, p_state int2,
    p_told timestamptz[], p_now timestamptz)
RETURNS void LANGUAGE plpgsql SET search_path = report, pg_temp AS $$
DECLARE
  c course;
  v_title bool;
  v_url bool;
  v_instructor bool;
  v_lessons bool;
  v_state bool;
BEGIN
  INSERT INTO course (course_id, update_time) VALUES (p_course, p_now) ON CONFLICT DO NOTHING;
  SELECT * INTO c FROM course WHERE course_id = p_course FOR UPDATE;
  v_title := p_title <> '' AND p_told > c.title_told;
  v_url := p_url <> '' AND p_told > c.url_told;
  v_instructor := p_instructor <> '' AND p_told > c.instructor_name_told;
  v_lessons := p_lessons > 0 AND p_told > c.lesson_count_told;
  v_state := coalesce(p_state > 0, false) AND p_told > c.state_told;
  IF NOT (v_title OR v_url OR v_instructor OR v_lessons OR v_state) THEN
    RETURN;
  END IF;
  UPDATE course SET
    title = CASE WHEN v_title THEN p_title ELSE title END,
    title_told = CASE WHEN v_title THEN p_told ELSE title_told END,
    url = CASE WHEN v_url THEN p_url ELSE url END,
    url_told = CASE WHEN v_url THEN p_told ELSE url_told END,
    instructor_name = CASE WHEN v_instructor THEN p_instructor ELSE instructor_name END,
    instructor_name_told = CASE WHEN v_instructor THEN p_told ELSE instructor_name_told END,
    lesson_count = CASE WHEN v_lessons THEN p_lessons ELSE lesson_count END,
    lesson_count_told = CASE WHEN v_lessons THEN p_told ELSE lesson_count_told END,
    state = CASE WHEN v_state THEN p_state ELSE state END,
    state_told = CASE WHEN v_state THEN p_told ELSE state_told END,
    update_time = CASE WHEN (v_title AND p_title <> title) OR (v_url AND p_url <> url)
                         OR (v_instructor AND p_instructor <> instructor_name)
                         OR (v_lessons AND p_lessons <> lesson_count)
                         OR (v_state AND p_state <> state)
                       THEN p_now ELSE update_time END
   WHERE course_id = p_course;
END $$;
