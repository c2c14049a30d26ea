-- All that is kept about a recipient.
CREATE OR REPLACE FUNCTION export_person(p_recipient_id text) RETURNS jsonb
STABLE LANGUAGE sql SET search_path = preference, pg_temp AS $$
  SELECT jsonb_build_object(
    'recipients', coalesce((
      SELECT jsonb_agg(to_jsonb(r) - ARRAY['canonical_address', 'address_hashes'])
        FROM recipient r WHERE r.id = p_recipient_id), '[]'),
    'preferences', coalesce((
      SELECT jsonb_agg(to_jsonb(p) - 'recipient_id' ORDER BY p.category)
        FROM preference p WHERE p.recipient_id = p_recipient_id), '[]'),
    'address_refusals', coalesce((
      SELECT jsonb_agg(to_jsonb(f) - 'address_hash' ORDER BY f.category)
        FROM recipient r JOIN address_refusal f ON f.address_hash = ANY (r.address_hashes)
       WHERE r.id = p_recipient_id), '[]'),
    'suppressions', coalesce((
      SELECT jsonb_agg(to_jsonb(s) - ARRAY['canonical_address', 'id'])
        FROM recipient r JOIN suppression s ON s.canonical_address = r.canonical_address
                                            OR s.id = ANY (r.address_hashes)
       WHERE r.id = p_recipient_id), '[]'),
    'consent_events', coalesce((
      SELECT jsonb_agg(to_jsonb(e) - ARRAY['recipient_id', 'subject_hash'] ORDER BY e.id)
        FROM consent_event e WHERE e.recipient_id = p_recipient_id), '[]'))
$$;
