-- Evidence must not be edited. The only allowed change is the erasure of who a consent event is about.
CREATE OR REPLACE FUNCTION keep_consent_event() RETURNS trigger LANGUAGE plpgsql
SET search_path = preference, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.recipient_id IS NOT NULL AND NEW.recipient_id IS NULL
     AND (NEW.id, NEW.category, NEW.action, NEW.method, NEW.event_time)
         IS NOT DISTINCT FROM (OLD.id, OLD.category, OLD.action, OLD.method, OLD.event_time) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'consent events are insert-only' USING ERRCODE = 'MP001';
END $$;
CREATE OR REPLACE TRIGGER keep_consent_event BEFORE UPDATE OR DELETE ON consent_event
  FOR EACH ROW EXECUTE FUNCTION keep_consent_event();

-- Replaces who the consent events of a recipient are about by a hash, once she has been deleted.
CREATE OR REPLACE FUNCTION anonymise_consent_events(p_recipient_id text, p_subject_hash text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = preference, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM recipient r WHERE r.id = p_recipient_id) THEN
    RAISE EXCEPTION 'the recipient has not been deleted' USING ERRCODE = 'MP002';
  END IF;
  UPDATE consent_event e
     SET recipient_id = NULL, subject_hash = p_subject_hash, actor = '', consent_text = ''
   WHERE e.recipient_id = p_recipient_id;
END $$;
