-- Schedules and their runs, automations, events and the tasks they cause. Runs and tasks are rows
-- that any replica may work on: it takes one by moving due_at to the end of its lease and counting
-- attempts up, and the count tells its claim from later ones.

-- Request ids of mutating calls, so that a repeated call does nothing twice.
CREATE TABLE request (
  method     text        COLLATE "C" NOT NULL,
  request_id text        COLLATE "C" NOT NULL,
  digest     int8        NOT NULL,  -- of the request's body
  resource   text        NOT NULL,  -- name of what it made
  created_at timestamptz NOT NULL,
  PRIMARY KEY (method, request_id)
);
CREATE INDEX request_created ON request (created_at);

CREATE TABLE schedule (
  schedule_id      text        COLLATE "C" PRIMARY KEY,
  display_name     text        NOT NULL,
  cron             text        NOT NULL,
  time_zone        text,        -- NULL: came with the product and gets the school's at the first start
  catch_up         int2        NOT NULL,
  catch_up_seconds int8        NOT NULL,
  action           int2        NOT NULL,  -- 1: weekly reports, 2: queue sweep, 3: log cleanup
  max_age_seconds  int8        NOT NULL,  -- of the log cleanup; else 0
  paused           bool        NOT NULL,
  next_run_at      timestamptz,
  last_run_at      timestamptz,
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  revision         int8        NOT NULL
);
CREATE INDEX schedule_due ON schedule (next_run_at) WHERE NOT paused;

CREATE TABLE schedule_run (
  schedule_id text        COLLATE "C" NOT NULL REFERENCES schedule ON DELETE CASCADE,
  run_id      text        COLLATE "C" NOT NULL,
  nominal_at  timestamptz NOT NULL,
  state       int2        NOT NULL DEFAULT 1,  -- 1: pending, 2: running, 3: succeeded, 4: failed
  detail      text        NOT NULL DEFAULT '',
  due_at      timestamptz NOT NULL,            -- of a running one, the end of its lease
  attempts    int4        NOT NULL DEFAULT 0,
  started_at  timestamptz,
  ended_at    timestamptz,
  PRIMARY KEY (schedule_id, run_id)
);
CREATE INDEX schedule_run_due ON schedule_run (due_at) WHERE state IN (1, 2);
CREATE INDEX schedule_run_ended ON schedule_run (ended_at);

CREATE TABLE automation (
  automation_id  text        COLLATE "C" PRIMARY KEY,
  display_name   text        NOT NULL,
  event_type     int2        NOT NULL,
  audience       int2        NOT NULL,
  template_name  text        NOT NULL,
  delay_seconds  int8        NOT NULL,
  window_seconds int8        NOT NULL,
  lane           int2        NOT NULL,
  enabled        bool        NOT NULL,
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  revision       int8        NOT NULL
);

CREATE TABLE event (
  event_id   text        COLLATE "C" PRIMARY KEY,
  digest     int8        NOT NULL,
  body       bytea       NOT NULL,  -- lmsmail.scheduler.v1.Event
  created_at timestamptz NOT NULL
);
CREATE INDEX event_created ON event (created_at);

-- What events cause, with the automation's settings as they were when the event came.
CREATE TABLE task (
  task_id       int8        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind          int2        NOT NULL,  -- 1: record, 2: mail, 3: cancel mail
  automation_id text        COLLATE "C" NOT NULL,
  template_name text        NOT NULL,
  lane          int2        NOT NULL,
  audience      int2        NOT NULL,  -- 0: no mail
  revocable     bool        NOT NULL,  -- whether leaving the course cancels it
  student       text        COLLATE "C" NOT NULL,
  course_id     text        COLLATE "C" NOT NULL,
  mail_key      text        COLLATE "C" UNIQUE,
  window_end    timestamptz,           -- until then, more events may join
  state         int2        NOT NULL DEFAULT 1,  -- 1: pending, 2: done, 3: failed
  working       bool        NOT NULL DEFAULT false,
  detail        text        NOT NULL DEFAULT '',
  due_at        timestamptz NOT NULL,  -- while somebody works on it, the end of the lease
  give_up_at    timestamptz NOT NULL,
  attempts      int4        NOT NULL DEFAULT 0,
  created_at    timestamptz NOT NULL
);
CREATE INDEX task_due ON task (due_at) WHERE state = 1;
CREATE INDEX task_created ON task (created_at);
CREATE INDEX task_course ON task (course_id, student, task_id) WHERE kind = 2;

CREATE TABLE task_event (
  event_id text COLLATE "C" NOT NULL REFERENCES event ON DELETE CASCADE,
  task_id  int8 NOT NULL REFERENCES task ON DELETE CASCADE,
  position int8 GENERATED ALWAYS AS IDENTITY,  -- order of arrival
  PRIMARY KEY (event_id, task_id)
);
CREATE INDEX task_event_task ON task_event (task_id, position);

-- Makes the task, or lets the event join one that is there: the open window of its automation and
-- course, or the mail that has its key already. A failed mail is then tried anew.
CREATE FUNCTION add_task(
    p_event text, p_kind int2, p_automation text, p_template text, p_lane int2, p_audience int2,
    p_revocable bool, p_student text, p_course text, p_mail_key text, p_window_end timestamptz,
    p_due timestamptz, p_give_up timestamptz, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_task int8;
BEGIN
  IF p_window_end IS NOT NULL THEN
    -- Two replicas must not open a window for the same course at the same time.
    PERFORM pg_advisory_xact_lock(
        hashtextextended(current_schema() || '/window/' || p_automation || '/' || p_course, 0));
    SELECT task_id INTO v_task FROM task
     WHERE kind = 2 AND course_id = p_course AND student = '' AND automation_id = p_automation
       AND state = 1 AND attempts = 0 AND window_end > p_now
     ORDER BY task_id DESC LIMIT 1 FOR UPDATE;
  END IF;
  IF v_task IS NULL THEN
    INSERT INTO task AS t (kind, automation_id, template_name, lane, audience, revocable, student,
                           course_id, mail_key, window_end, due_at, give_up_at, created_at)
    VALUES (p_kind, p_automation, p_template, p_lane, p_audience, p_revocable, p_student,
            p_course, p_mail_key, p_window_end, p_due, p_give_up, p_now)
    ON CONFLICT (mail_key) DO UPDATE SET state = 1, working = false, due_at = excluded.due_at,
                                         give_up_at = excluded.give_up_at
     WHERE t.state = 3
    RETURNING task_id INTO v_task;
  END IF;
  IF v_task IS NULL THEN
    SELECT task_id INTO v_task FROM task WHERE mail_key = p_mail_key;
  END IF;
  INSERT INTO task_event (event_id, task_id) VALUES (p_event, v_task) ON CONFLICT DO NOTHING;
END $$;
