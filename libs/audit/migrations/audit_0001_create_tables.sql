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

-- The service may not change the log; it may delete what is old, with the rights of the owner. A function
-- with such rights must name the schema it works in.
DO $do$
BEGIN
  EXECUTE format($sql$
    CREATE FUNCTION delete_audit_events(p_before timestamptz, p_limit int4) RETURNS int4
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = %I, pg_temp AS $body$
    DECLARE
      v_ids int8[];
    BEGIN
      IF p_before > now() - interval '29 days' THEN
        RAISE EXCEPTION 'audit events of the last 29 days may not be deleted' USING ERRCODE = 'MQ002';
      END IF;
      SELECT array_agg(e.event_id) INTO v_ids
        FROM (SELECT e.event_id, e.begin_time FROM audit_event e
               ORDER BY e.event_id LIMIT p_limit) e
       WHERE e.begin_time < p_before;
      DELETE FROM audit_end n WHERE n.event_id = ANY (v_ids);
      DELETE FROM audit_event e WHERE e.event_id = ANY (v_ids);
      RETURN coalesce(cardinality(v_ids), 0);
    END $body$ $sql$, current_schema());
END $do$;
