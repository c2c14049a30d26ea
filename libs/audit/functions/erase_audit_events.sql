-- Replaces the name of a recipient in the audit log by that of her erasure, and drops the request ids of
-- those calls, which are their callers' texts. What was called, when and by whom stays. The schema is the
-- one that the function is created in.
CREATE OR REPLACE FUNCTION erase_audit_events(p_recipient_id text, p_erasure text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF p_recipient_id = '' OR p_erasure NOT LIKE 'erasures/%' THEN
    RAISE EXCEPTION 'erase_audit_events needs a recipient and the name of an erasure'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format(
    'UPDATE %I.audit_event e SET resource = $2, request_id = ''''
      WHERE e.resource = $1 OR (e.resource > $1 || ''/'' AND e.resource < $1 || ''0'')',
    current_schema()) USING 'recipients/' || p_recipient_id, p_erasure;
END $$;
