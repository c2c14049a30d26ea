-- Activities and the weekly reports generated from them. Ids use the C collation, because pages are
-- in byte order.

-- Of each value, "told" holds when it was so and when that was told, which orders what is told of it.
CREATE TABLE course (
  course_id            text COLLATE "C" PRIMARY KEY,
  title                text NOT NULL DEFAULT '',
  url                  text NOT NULL DEFAULT '',
  instructor_name      text NOT NULL DEFAULT '',
  lesson_count         int4 NOT NULL DEFAULT 0,
  state                int2 NOT NULL DEFAULT 1,  -- 1 active, 2 archived, 3 deleted
  title_told           timestamptz[] NOT NULL DEFAULT '{-infinity,-infinity}',
  url_told             timestamptz[] NOT NULL DEFAULT '{-infinity,-infinity}',
  instructor_name_told timestamptz[] NOT NULL DEFAULT '{-infinity,-infinity}',
  lesson_count_told    timestamptz[] NOT NULL DEFAULT '{-infinity,-infinity}',
  state_told           timestamptz[] NOT NULL DEFAULT '{-infinity,-infinity}',
  update_time          timestamptz NOT NULL
);

-- Append-only. What must outlive the activities is derived when they are recorded: enrollment and
-- lesson_completion.
CREATE TABLE activity (
  activity_id   text COLLATE "C" PRIMARY KEY,
  student_id    text COLLATE "C" NOT NULL,
  course_id     text COLLATE "C" NOT NULL,
  activity_time timestamptz NOT NULL,
  arrival_time  timestamptz NOT NULL,  -- decides between activities of the same time
  digest        int8 NOT NULL,         -- of what was recorded under the id
  -- 1 enrolled, 2 unenrolled, 3 lesson completed, 4 watched, 5 quiz taken
  kind          int2 NOT NULL,
  item_id       text COLLATE "C",  -- the lesson or quiz
  item_title    text,
  watched_ms    int8 NOT NULL DEFAULT 0,
  passed        bool NOT NULL DEFAULT false,
  start_time    timestamptz,  -- of an enrollment that begins later
  record_time   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE activity IS 'append-only: what students did';
CREATE INDEX activity_student ON activity (student_id, activity_time);

-- The latest enrollment activity of each student in each course.
CREATE TABLE enrollment (
  course_id     text COLLATE "C" NOT NULL,
  student_id    text COLLATE "C" NOT NULL,
  enrolled      bool NOT NULL,
  enroll_time   timestamptz NOT NULL,
  activity_time timestamptz NOT NULL,
  arrival_time  timestamptz NOT NULL,
  PRIMARY KEY (course_id, student_id)
);
CREATE INDEX enrollment_student ON enrollment (student_id, enroll_time) WHERE enrolled;
CREATE INDEX enrollment_left ON enrollment (student_id, activity_time) WHERE NOT enrolled;

-- A lesson counts once, in the week in which it was first completed.
CREATE TABLE lesson_completion (
  student_id    text COLLATE "C" NOT NULL,
  course_id     text COLLATE "C" NOT NULL,
  lesson_id     text COLLATE "C" NOT NULL,
  complete_time timestamptz NOT NULL,
  record_time   timestamptz NOT NULL DEFAULT now(),  -- of the first activity about it
  PRIMARY KEY (student_id, course_id, lesson_id)
);

CREATE TABLE weekly_report_run (
  week               text COLLATE "C" PRIMARY KEY,  -- '2026-W47'
  state              int2 NOT NULL,  -- 1 pending, 2 running, 3 succeeded, 4 failed, 5 cancelled
  skip_mail          bool NOT NULL,
  cursor             text COLLATE "C" NOT NULL,
  total_count        int8 NOT NULL,
  processed_count    int8 NOT NULL,
  mail_count         int8 NOT NULL,
  rejected_count     int8 NOT NULL,
  inactive_count     int8 NOT NULL,
  detail             text NOT NULL,
  create_time        timestamptz NOT NULL,
  end_time           timestamptz,
  fence              int8 NOT NULL,
  lease_expire_time  timestamptz NOT NULL,
  next_attempt_time  timestamptz NOT NULL,
  failure_count      int4 NOT NULL,
  first_failure_time timestamptz,
  time_zone          text NOT NULL,  -- of the week's days
  local_time         text NOT NULL   -- '2026-11-23T09:00' on students' clocks; '': at once
);
CREATE INDEX weekly_report_run_open ON weekly_report_run (week) WHERE state IN (1, 2);

CREATE TABLE weekly_report (
  week         text COLLATE "C" NOT NULL,
  student_id   text COLLATE "C" NOT NULL,
  has_activity bool NOT NULL,
  mail_state   int2 NOT NULL DEFAULT 0,  -- 0 unsent, 1 accepted, 2 rejected
  rejection    text,
  create_time  timestamptz NOT NULL,
  -- What was recorded later is late, see weekly_late(). By the clock that recorded the activities.
  record_time  timestamptz NOT NULL DEFAULT statement_timestamp(),
  late_lessons_completed int4 NOT NULL DEFAULT 0,
  late_watched_ms        int8 NOT NULL DEFAULT 0,
  late_quizzes_passed    int4 NOT NULL DEFAULT 0,
  PRIMARY KEY (week, student_id)
);
CREATE INDEX weekly_report_student ON weekly_report (student_id, week);
CREATE INDEX weekly_report_unsent ON weekly_report (week, student_id)
  WHERE has_activity AND mail_state = 0;

-- One row per course with activity. Holds a copy of the course, so that a report and its mail never
-- change.
CREATE TABLE weekly_report_course (
  week                    text COLLATE "C" NOT NULL,
  student_id              text COLLATE "C" NOT NULL,
  course_id               text COLLATE "C" NOT NULL,
  title                   text NOT NULL,
  url                     text NOT NULL,
  lesson_count            int4 NOT NULL,
  lessons_completed       int4 NOT NULL,
  total_lessons_completed int4 NOT NULL,
  quizzes_passed          int4 NOT NULL,
  watched_ms              int8 NOT NULL,
  active_days             int2 NOT NULL,  -- bit 0 is Monday
  PRIMARY KEY (week, student_id, course_id)
);
