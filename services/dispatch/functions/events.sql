-- Corrects clicks that look like a person's one by one: programs that look for malware follow all links
-- of a mail. Clicks on three links, or on both of two, within p_within of each other are a program's.
-- This is the only update of an event. Two calls at a time for one mail may miss it until the next
-- click, which is why a gateway makes one after the other.
CREATE OR REPLACE FUNCTION mark_scanned_links(
  p_ids int8[], p_types int2[], p_link_counts int2[], p_within interval) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
  v_mail record;
BEGIN
  FOR v_mail IN
    SELECT p.msg_id, min(p.event_time) AS first_time,
           min(p.event_time) FILTER (WHERE p.scanned) AS first_scanned,
           bool_and(p.scanned) AS all_scanned,
           array_agg(p.event_id) FILTER (WHERE p.scanned) AS scanned_ids
      FROM (SELECT c.id AS msg_id, e.event_id, e.event_time,
                   e.link > 0 AND c.enough <= (
                     SELECT count(DISTINCT o.link) FROM event o
                      WHERE o.shard = shard_of(c.id) AND o.msg_id = c.id AND o.type = 5 AND o.link > 0
                        AND o.event_time BETWEEN e.event_time - p_within AND e.event_time + p_within
                   ) AS scanned
              FROM (SELECT u.id, least(3, max(u.link_count)) AS enough
                      FROM unnest(p_ids, p_types, p_link_counts) AS u(id, type, link_count)
                     WHERE u.type = 5 AND u.link_count > 1 GROUP BY u.id) c
              -- OFFSET keeps it from becoming a join that reads all events.
              CROSS JOIN LATERAL (SELECT * FROM event e
                                   WHERE e.shard = shard_of(c.id) AND e.msg_id = c.id AND e.type = 5
                                     AND NOT e.machine OFFSET 0) e) p
     GROUP BY p.msg_id HAVING bool_or(p.scanned)
     ORDER BY p.msg_id
  LOOP
    INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
    SELECT date_trunc('second', t.time), m.batch_id, t.count, m.lane, t.kind, 0, m.template_key
      FROM (SELECT * FROM message m
             WHERE m.shard = shard_of(v_mail.msg_id) AND m.msg_id = v_mail.msg_id LIMIT 1) m
      CROSS JOIN (VALUES (v_mail.first_time, -1, 105, v_mail.all_scanned),
                         (v_mail.first_scanned, 1, 155,
                          NOT EXISTS (SELECT FROM event e
                                       WHERE e.shard = shard_of(v_mail.msg_id)
                                         AND e.msg_id = v_mail.msg_id AND e.type = 5 AND e.machine)))
        AS t(time, count, kind, applies)
     WHERE t.applies;
    UPDATE event e SET machine = true
     WHERE e.shard = shard_of(v_mail.msg_id) AND e.msg_id = v_mail.msg_id
       AND e.event_id = ANY (v_mail.scanned_ids);
  END LOOP;
END $$;

-- Records what providers and the gateway reported, each event id once among all mails, or those of which
-- p_own says so once for each mail. Statistics count the first event of each type of a mail, apart for
-- persons and programs.
CREATE OR REPLACE FUNCTION record_events(
  p_ids int8[], p_types int2[], p_event_ids text[], p_times timestamptz[], p_details text[],
  p_machines bool[], p_links int2[], p_link_counts int2[], p_own bool[], p_machine_delay interval,
  OUT recorded int4, OUT duplicate int4, OUT unknown int4)
LANGUAGE plpgsql
SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_known int4;
BEGIN
  WITH known AS MATERIALIZED (
    SELECT e.id, e.type, e.event_id, e.machine, e.link, e.own,
           CASE WHEN m.content_drop_time IS NULL THEN e.detail ELSE '' END AS detail,
           hashtextextended(e.event_id, CASE WHEN e.own THEN e.id ELSE 0 END) AS digest,
           -- Neither before the mail existed nor in the future: providers' clocks differ.
           least(greatest(e.event_time, m.create_time), v_now) AS event_time,
           m.batch_id, m.lane, m.template_key
      FROM unnest(p_ids, p_types, p_event_ids, p_times, p_details, p_machines, p_links, p_own)
        AS e(id, type, event_id, event_time, detail, machine, link, own)
      CROSS JOIN LATERAL (SELECT * FROM message m
                           WHERE m.shard = shard_of(e.id) AND m.msg_id = e.id LIMIT 1) m
  ), first AS MATERIALIZED (
    SELECT DISTINCT ON (k.digest) k.* FROM known k ORDER BY k.digest
  ), claimed AS (
    INSERT INTO event_key (digest, msg_id)
    SELECT f.digest, f.id FROM first f WHERE NOT f.own ORDER BY f.digest
    ON CONFLICT DO NOTHING
    RETURNING digest
  ), fresh AS MATERIALIZED (
    SELECT f.id, f.event_time, f.type, f.link, f.event_id, f.detail, f.batch_id, f.lane, f.template_key,
           -- Nobody reads a mail within a moment of its arrival, or before it.
           CASE WHEN f.type NOT IN (4, 5) THEN false ELSE f.machine OR f.event_time <
             greatest(
               coalesce((SELECT min(r.record_time) FROM result r
                          WHERE r.shard = shard_of(f.id) AND r.msg_id = f.id
                            AND r.kind IN (1, 6)), 'infinity'), before.delivered
             ) + p_machine_delay END AS machine,
           before.has_person, before.has_program
      FROM first f
      -- An aggregate is not turned into a join, which would read all events: the plan may have been made
      -- when there were none.
      CROSS JOIN LATERAL (
        SELECT min(e.event_time) FILTER (WHERE e.type = 1) AS delivered,
               coalesce(bool_or(e.event_id = f.event_id), false) AS has_event,
               coalesce(bool_or(e.type = f.type AND NOT e.machine), false) AS has_person,
               coalesce(bool_or(e.type = f.type AND e.machine), false) AS has_program
          FROM event e WHERE e.shard = shard_of(f.id) AND e.msg_id = f.id) before
     -- IS TRUE keeps the subquery from becoming a nested loop: it is hashed.
     WHERE CASE WHEN f.own THEN NOT before.has_event
                ELSE (f.digest IN (SELECT c.digest FROM claimed c)) IS TRUE END
  ), inserted AS (
    INSERT INTO event (msg_id, event_time, shard, type, link, machine, event_id, detail)
    SELECT f.id, f.event_time, shard_of(f.id), f.type, f.link, f.machine, f.event_id, f.detail
      FROM fresh f ORDER BY f.id, f.event_id
    ON CONFLICT DO NOTHING
    RETURNING msg_id
  ), counted AS (
    INSERT INTO counter (count_time, batch_id, count, lane, kind, reason, template_key)
    SELECT n.event_time, n.batch_id, count(*), n.lane,
           CASE WHEN n.machine THEN 150 ELSE 100 END + n.type, 0, n.template_key
      FROM (SELECT f.id, f.type, f.machine, f.batch_id, f.lane, f.template_key,
                   date_trunc('second', min(f.event_time)) AS event_time
              FROM fresh f WHERE NOT CASE WHEN f.machine THEN f.has_program ELSE f.has_person END
             GROUP BY f.id, f.type, f.machine, f.batch_id, f.lane, f.template_key) n
     GROUP BY n.event_time, n.batch_id, n.lane, n.machine, n.type, n.template_key
  )
  SELECT (SELECT count(*) FROM known), (SELECT count(*) FROM inserted) INTO v_known, recorded;
  IF recorded > 0 AND 1 < ANY (p_link_counts) THEN
    PERFORM mark_scanned_links(p_ids, p_types, p_link_counts, interval '5 seconds');
  END IF;
  duplicate := v_known - recorded;
  unknown := cardinality(p_ids) - v_known;
END $$;
