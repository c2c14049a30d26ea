-- Erases a person from the queue and the log: mail that waits is cancelled, and what says who a mail was
-- for goes (target, keys, context, labels, what servers and providers answered). That there was a mail,
-- and what became of it, stays, as of mail to an address that was dropped. Returns false while a worker
-- holds one of them.
CREATE OR REPLACE FUNCTION erase_person(p_recipient_id text, p_address text, p_erasure text)
RETURNS bool LANGUAGE plpgsql SECURITY DEFINER
SET search_path = dispatch, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
  v_recipient text := 'recipients/' || p_recipient_id;
  v_targets text[] := ARRAY[lower(v_recipient)] || CASE p_address WHEN '' THEN '{}'::text[]
                                                   ELSE ARRAY[lower(p_address)] END;
  v_scheduled int8[];
  v_ids int8[];
  v_held int8[];
  v_batches int8[];
BEGIN
  IF p_recipient_id = '' THEN
    RAISE EXCEPTION 'erase_person needs a recipient' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM lock_content();
  SELECT array_agg(s.msg_id) INTO v_scheduled FROM scheduled s
   WHERE lower(s.target) = ANY (v_targets)
     AND (s.target_kind = 2 OR s.target = v_recipient);
  PERFORM cancel_message(id) FROM unnest(v_scheduled) id;
  UPDATE scheduled s SET target = '', target_kind = 2, request_key = '', labels = NULL, context = NULL,
                         content_drop_time = now()
   WHERE s.msg_id = ANY (v_scheduled);

  SELECT array_agg(m.msg_id) INTO v_ids FROM message m
   WHERE lower(m.target) = ANY (v_targets)
     AND (m.target_kind = 2 OR m.target = v_recipient);
  SELECT array_agg(id) INTO v_held FROM unnest(v_ids) id WHERE cancel_message(id) = 1;
  v_ids := ARRAY(SELECT id FROM unnest(v_ids) id WHERE id <> ALL (coalesce(v_held, '{}')));

  -- Batches without mail to anybody else.
  SELECT array_agg(b.batch_id) INTO v_batches FROM batch b
   WHERE b.batch_id IN (SELECT m.batch_id FROM message m WHERE m.msg_id = ANY (v_ids)
                        UNION SELECT s.batch_id FROM scheduled s WHERE s.msg_id = ANY (v_scheduled))
     AND NOT EXISTS (SELECT FROM message m WHERE m.batch_id = b.batch_id AND m.batch_id <> 0
                                             AND m.msg_id <> ALL (v_ids))
     AND NOT EXISTS (SELECT FROM scheduled s WHERE s.batch_id = b.batch_id AND s.batch_id <> 0
                                               AND s.msg_id <> ALL (coalesce(v_scheduled, '{}')));
  DELETE FROM request k USING batch b
   WHERE b.batch_id = ANY (v_batches) AND k.request_id = b.request_id;
  UPDATE batch b SET request_id = 'erased-' || gen_random_uuid(), labels = NULL,
                     shared_context = NULL, content_drop_time = now()
   WHERE b.batch_id = ANY (v_batches);

  UPDATE message m SET target = '', target_kind = 2, request_key = '', labels = NULL, context = NULL,
                       content_drop_time = coalesce(m.content_drop_time, now())
   WHERE m.msg_id = ANY (v_ids);
  UPDATE result r SET reply_text = NULL, address_hash = NULL
   WHERE r.msg_id = ANY (v_ids) AND num_nonnulls(r.reply_text, r.address_hash) > 0;
  UPDATE event e SET detail = '' WHERE e.msg_id = ANY (v_ids) AND e.detail <> '';
  UPDATE retry y SET request_id = 'erased-' || gen_random_uuid() WHERE y.msg_id = ANY (v_ids);

  v_ids := v_ids || v_scheduled;
  DELETE FROM dedupe k WHERE k.msg_id = ANY (v_ids);
  DELETE FROM request k WHERE k.first_id = ANY (v_ids) AND NOT k.is_batch;
  RETURN v_held IS NULL;
END $$;
