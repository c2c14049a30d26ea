-- Calls that change something. An end is a row of its own, so that a call is recorded before it runs
-- and no row ever changes.
CREATE TABLE audit_event (
  event_id   int8        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  begin_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  caller     text        COLLATE "C" NOT NULL,
  method     text        COLLATE "C" NOT NULL,
  resource   text        COLLATE "C" NOT NULL,
  request_id text        COLLATE "C" NOT NULL
);
COMMENT ON TABLE audit_event IS 'append-only: who called what';
CREATE INDEX audit_event_caller ON audit_event (caller, event_id);
CREATE INDEX audit_event_resource ON audit_event (resource, event_id);

CREATE TABLE audit_end (
  event_id int8        PRIMARY KEY,
  end_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  code     int2        NOT NULL  -- google.rpc.Code
);
COMMENT ON TABLE audit_end IS 'append-only: how the calls of audit_event ended';
