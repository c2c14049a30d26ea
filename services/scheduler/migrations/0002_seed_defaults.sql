-- What exists from the start. A migration runs once, so what people delete stays deleted. The
-- schedules get the school's time zone, and with it their next run, when the service first starts.

INSERT INTO schedule (schedule_id, display_name, cron, time_zone, catch_up, catch_up_seconds, action,
                      max_age_seconds, paused, created_at, updated_at, revision)
VALUES
  ('weekly-progress', 'Weekly progress reports', '0 9 * * MON', NULL, 2, 86400, 1, 0, false,
   now(), now(), 1),
  ('queue-sweep', 'Queue sweep', '*/5 * * * *', NULL, 1, 86400, 2, 0, false, now(), now(), 1),
  ('log-cleanup', 'Log cleanup', '0 2 * * *', NULL, 2, 86400, 3, 90 * 86400, false,
   now(), now(), 1);

INSERT INTO automation (automation_id, display_name, event_type, audience, template_name,
                        delay_seconds, window_seconds, lane, enabled, created_at, updated_at, revision)
VALUES
  ('enrollment', 'Enrollment confirmation', 1, 1, 'templates/enrollment', 0, 0, 0, true,
   now(), now(), 1),
  ('demo-completed', 'Demo class follow-up', 2, 1, 'templates/demo_completed', 0, 0, 0, true,
   now(), now(), 1),
  ('payment-confirmation', 'Payment confirmation', 3, 1, 'templates/payment_confirmation', 0, 0, 0,
   true, now(), now(), 1),
  ('new-content', 'New course content', 4, 2, 'templates/new_content', 0, 900, 0, true,
   now(), now(), 1);
