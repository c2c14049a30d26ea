-- All mail to a person, with its values in base64, and what became of it. Ids are texts, because numbers
-- of JSON are not exact.
CREATE OR REPLACE FUNCTION export_person(p_recipient_id text, p_address text) RETURNS jsonb
STABLE LANGUAGE sql SET search_path = dispatch, pg_temp SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
  WITH hers AS MATERIALIZED (
    SELECT m.msg_id, m.due_time, m.expire_time, m.create_time, m.batch_id, m.template_key,
           m.template_version, m.lane, m.category, m.target, m.target_kind, m.request_key,
           m.language_code, m.labels, m.context, m.content_drop_time
      FROM message m WHERE lower(m.target) IN (lower('recipients/' || p_recipient_id), lower(p_address))
    UNION ALL
    SELECT s.msg_id, s.due_time, s.expire_time, s.create_time, s.batch_id, s.template_key,
           s.template_version, s.lane, s.category, s.target, s.target_kind, s.request_key,
           s.language_code, s.labels, s.context, s.content_drop_time
      FROM scheduled s WHERE lower(s.target) IN (lower('recipients/' || p_recipient_id), lower(p_address))
  )
  SELECT jsonb_build_object('messages', coalesce(jsonb_agg(
           to_jsonb(h) - ARRAY['msg_id', 'batch_id', 'target_kind']
           || jsonb_build_object(
                'id', h.msg_id::text,
                'context', encode(h.context, 'base64'),
                'shared_context', (SELECT encode(b.shared_context, 'base64') FROM batch b
                                    WHERE b.batch_id = h.batch_id),
                'outcomes', coalesce((
                  SELECT jsonb_agg(to_jsonb(r) - ARRAY['msg_id', 'claim_id', 'shard', 'content_hash',
                                                       'address_hash']
                                   ORDER BY r.delivery_count)
                    FROM result r WHERE r.msg_id = h.msg_id), '[]'),
                'events', coalesce((
                  SELECT jsonb_agg(to_jsonb(e) - ARRAY['msg_id', 'shard'] ORDER BY e.event_time)
                    FROM event e WHERE e.msg_id = h.msg_id), '[]'))
           ORDER BY h.msg_id), '[]'))
    FROM hers h
   WHERE CASE h.target_kind WHEN 2 THEN p_address <> '' AND lower(h.target) = lower(p_address)
                            ELSE h.target = 'recipients/' || p_recipient_id END
$$;
