-- Schedules and their runs, automations, events and the tasks they cause.
--
-- Any replica may execute a run or a task. It claims the row by setting due_time to the end of its
-- lease and incrementing attempts; the new value of attempts identifies the claim.

-- The request ids of mutating calls, so that a repeated call has no effect.
CREATE TABLE request (
  method      text        COLLATE "C" NOT NULL,
  request_id  text        COLLATE "C" NOT NULL,
  digest      int8        NOT NULL,  -- of the request's body
  resource    text        NOT NULL,  -- name of the resource that the call created
  create_time timestamptz NOT NULL,
  PRIMARY KEY (method, request_id)
);
CREATE INDEX request_created ON request (create_time);

CREATE TABLE schedule (
  schedule_id      text        COLLATE "C" PRIMARY KEY,
  display_name     text        NOT NULL,
  cron             text        NOT NULL,
  time_zone        text,                  -- NULL: a built-in schedule before the first start
  catch_up         int2        NOT NULL,
  catch_up_seconds int8        NOT NULL,
  action           int2        NOT NULL,  -- 1: weekly reports, 2: queue sweep, 3: log cleanup
  max_age_seconds  int8        NOT NULL,  -- for the log cleanup, otherwise 0
  paused           bool        NOT NULL,
  next_run_time    timestamptz,
  last_run_time    timestamptz,
  create_time      timestamptz NOT NULL,
  update_time      timestamptz NOT NULL,
  revision         int8        NOT NULL
);
CREATE INDEX schedule_due ON schedule (next_run_time) WHERE NOT paused;

CREATE TABLE schedule_run (
  schedule_id  text        COLLATE "C" NOT NULL REFERENCES schedule ON DELETE CASCADE,
  run_id       text        COLLATE "C" NOT NULL,
  nominal_time timestamptz NOT NULL,
  state        int2        NOT NULL DEFAULT 1,  -- 1: pending, 2: running, 3: succeeded, 4: failed
  detail       text        NOT NULL DEFAULT '',
  due_time     timestamptz NOT NULL,            -- while running, the end of the lease
  attempts     int4        NOT NULL DEFAULT 0,
  start_time   timestamptz,
  end_time     timestamptz,
  PRIMARY KEY (schedule_id, run_id)
);
CREATE INDEX schedule_run_due ON schedule_run (due_time) WHERE state IN (1, 2);
CREATE INDEX schedule_run_ended ON schedule_run (end_time);

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
  create_time    timestamptz NOT NULL,
  update_time    timestamptz NOT NULL,
  revision       int8        NOT NULL
);

CREATE TABLE event (
  event_id    text        COLLATE "C" PRIMARY KEY,
  digest      int8        NOT NULL,
  body        bytea,  -- lmsmail.scheduler.v1.Event; NULL: dropped, its retention has ended
  create_time timestamptz NOT NULL
);
CREATE INDEX event_created ON event (create_time);
CREATE INDEX event_with_body ON event (create_time) WHERE body IS NOT NULL;

-- What events cause, with the automation's settings at the time when the event was published.
CREATE TABLE task (
  task_id       int8        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind          int2        NOT NULL,            -- 1: record, 2: mail, 3: cancel mail
  automation_id text        COLLATE "C" NOT NULL,
  template_name text        NOT NULL,
  lane          int2        NOT NULL,
  audience      int2        NOT NULL,            -- 0: the task is no mail
  cancellable   bool        NOT NULL,            -- leaving the course cancels the mail
  student       text        COLLATE "C" NOT NULL,
  course_id     text        COLLATE "C" NOT NULL,
  mail_key      text        COLLATE "C" UNIQUE,
  window_end    timestamptz,                     -- until then, more events may join
  state         int2        NOT NULL DEFAULT 1,  -- 1: pending, 2: done, 3: failed
  claimed       bool        NOT NULL DEFAULT false,
  detail        text        NOT NULL DEFAULT '',
  due_time      timestamptz NOT NULL,            -- while claimed, the end of the lease
  give_up_time  timestamptz NOT NULL,
  attempts      int4        NOT NULL DEFAULT 0,
  create_time   timestamptz NOT NULL,
  traceparent   text        COLLATE "C"          -- of the first event's call, if its trace is sampled
);
CREATE INDEX task_due ON task (due_time) WHERE state = 1;
CREATE INDEX task_created ON task (create_time);
CREATE INDEX task_course ON task (course_id, student, task_id) WHERE kind = 2;

CREATE TABLE task_event (
  event_id text COLLATE "C" NOT NULL REFERENCES event ON DELETE CASCADE,
  task_id  int8 NOT NULL REFERENCES task ON DELETE CASCADE,
  position int8 GENERATED ALWAYS AS IDENTITY,  -- order of arrival
  PRIMARY KEY (event_id, task_id)
);
CREATE INDEX task_event_task ON task_event (task_id, position);

-- The built-in schedules and automations. A migration runs once, so they stay deleted once deleted.
-- The service sets the time zone and the next run of the schedules when it first starts.
INSERT INTO schedule (schedule_id, display_name, cron, time_zone, catch_up, catch_up_seconds, action,
                      max_age_seconds, paused, create_time, update_time, revision)
VALUES
  ('weekly-progress', 'Weekly progress reports', '0 9 * * MON', NULL, 2, 86400, 1, 0, false,
   now(), now(), 1),
  ('queue-sweep', 'Queue sweep', '*/5 * * * *', NULL, 1, 86400, 2, 0, false, now(), now(), 1);

INSERT INTO automation (automation_id, display_name, event_type, audience, template_name,
                        delay_seconds, window_seconds, lane, enabled, create_time, update_time,
                        revision)
VALUES
  ('enrollment', 'Enrollment confirmation', 1, 1, 'templates/enrollment', 0, 0, 0, true,
   now(), now(), 1),
  ('demo-completed', 'Demo class follow-up', 2, 1, 'templates/demo_completed', 0, 0, 0, true,
   now(), now(), 1),
  ('payment-confirmation', 'Payment confirmation', 3, 1, 'templates/payment_confirmation', 0, 0, 0,
   true, now(), now(), 1),
  ('new-content', 'New course content', 4, 2, 'templates/new_content', 0, 900, 0, true,
   now(), now(), 1);
