-- The queue and the log of dispatch, split by lifetime: what a mail is (message), that it waits
-- (queue), who holds it (claim), what came of it (result). Rows of message, queue and result are
-- inserted and deleted, never updated, so nothing that is finished or far away slows a claim down.
-- Every hot table carries its shard: it can become the distribution column of a cluster.

-- Days since 2024-01-01, UTC. By way of an interval, for extract() of a timestamptz is only STABLE,
-- and then the planner calls this function instead of taking in what it does.
CREATE FUNCTION day_of(p_at timestamptz) RETURNS int8 IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT floor(extract(epoch FROM p_at - '2024-01-01 00:00:00+00'::timestamptz) / 86400)::int8 $$;

-- A message id is day of its due time (16 bits) | shard (8) | sequence number (39).
CREATE FUNCTION first_id_of(p_day int8) RETURNS int8 IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT p_day << 47 $$;
CREATE FUNCTION shard_of(p_id int8) RETURNS int2 IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT ((p_id >> 39) & 255)::int2 $$;

CREATE SEQUENCE message_seq INCREMENT BY 1000;  -- taken in blocks of 1000
CREATE SEQUENCE claim_seq INCREMENT BY 100;     -- and of 100
CREATE SEQUENCE batch_seq;

CREATE TABLE message (
  msg_id           int8        NOT NULL,
  due_at           timestamptz NOT NULL,
  expire_at        timestamptz NOT NULL,
  created_at       timestamptz NOT NULL,
  batch_id         int8        NOT NULL,  -- 0: a single Send
  template_version int4        NOT NULL,
  shard            int2        NOT NULL,
  lane             int2        NOT NULL,
  category         int2        NOT NULL,
  target_kind      int2        NOT NULL,
  target           text        COLLATE "C" NOT NULL,
  template_key     text        COLLATE "C" NOT NULL,
  request_key      text        COLLATE "C" NOT NULL,  -- the Send's request_id or a dedupe key; or ''
  language_code    text        COLLATE "C" NOT NULL,
  transport        text        COLLATE "C" NOT NULL,
  labels           text[],     -- key, value, key, value; a batch's are with the batch
  context          bytea,      -- google.protobuf.Struct
  PRIMARY KEY (msg_id, shard)
) PARTITION BY RANGE (msg_id);
CREATE INDEX message_target ON message (target, msg_id);
CREATE INDEX message_batch ON message (batch_id, msg_id) WHERE batch_id <> 0;

-- Mail of later days. Promoted in bulk when it is due within a day, so millions for next month never
-- meet the queue.
CREATE TABLE scheduled (LIKE message);
ALTER TABLE scheduled ADD PRIMARY KEY (msg_id, shard);
CREATE INDEX scheduled_due ON scheduled (lane, due_at, msg_id);
CREATE INDEX scheduled_target ON scheduled (target, msg_id);
CREATE INDEX scheduled_batch ON scheduled (batch_id, msg_id) WHERE batch_id <> 0;

-- One row while a mail waits. The one index begins with what a claim fixes (shard, lane), so rows of
-- the future sit harmlessly at the end of their range.
CREATE TABLE queue (
  due_at    timestamptz NOT NULL,
  msg_id    int8 NOT NULL,
  shard     int2 NOT NULL,
  lane      int2 NOT NULL,
  step      int2 NOT NULL DEFAULT 1,  -- how often it will have come out of the queue when claimed
  attempt   int2 NOT NULL DEFAULT 0,  -- deliveries tried before
  recovered bool NOT NULL DEFAULT false,
  PRIMARY KEY (shard, lane, due_at, msg_id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 100000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.2,
        autovacuum_analyze_threshold = 100000);

-- One row for each shard and lane: who holds its lock may claim from it.
CREATE TABLE lane_head (
  shard        int2 NOT NULL,
  lane         int2 NOT NULL,
  paused       bool NOT NULL DEFAULT false,
  pause_detail text NOT NULL DEFAULT '',
  PRIMARY KEY (shard, lane)
) WITH (fillfactor = 20);

-- More shards let more workers claim from one lane at the same time. Can only grow.
CREATE FUNCTION set_shard_count(p_count int4) RETURNS void LANGUAGE sql
SET search_path = dispatch, pg_temp AS $$
  INSERT INTO lane_head (shard, lane)
  SELECT s, l FROM generate_series(0, p_count - 1) s, generate_series(1, 4) l
  ON CONFLICT DO NOTHING
$$;
-- Large batches get shards of their own, so that small ones never wait behind them. Which shard a
-- submission goes to is chosen in services/dispatch/storage/shard_choice.h.
SELECT set_shard_count(16);

-- One row a claimed batch of mails.
CREATE TABLE claim (
  claim_id    int8        PRIMARY KEY,
  claimed_at  timestamptz NOT NULL,
  lease_until timestamptz NOT NULL,
  renew_by    timestamptz NOT NULL,  -- half the lease: a holder that lives has extended it by then
  missed_at   timestamptz,           -- when a sweep first saw that it had not
  shard       int2        NOT NULL,
  lane        int2        NOT NULL,
  worker      text        NOT NULL,
  msg_ids     int8[]      NOT NULL,
  steps       int2[]      NOT NULL,
  attempts    int2[]      NOT NULL,
  recovered   bool[]      NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0,
        toast_tuple_target = 128);  -- the arrays elsewhere: sweeps read what was not vacuumed too

-- Outcomes. `kind` and `reason` are those of services/dispatch/queue_store.h and message.h.
CREATE TABLE result (
  msg_id        int8        NOT NULL,
  claim_id      int8        NOT NULL,  -- 0: decided without a worker
  at            timestamptz NOT NULL,
  retry_at      timestamptz,           -- deferred: its due time in the queue
  shard         int2        NOT NULL,
  step          int2        NOT NULL,
  attempt       int2        NOT NULL,
  kind          int2        NOT NULL,
  reason        int2        NOT NULL,
  reply_code    int2        NOT NULL DEFAULT 0,
  transport     text,
  enhanced_code text,
  reply_text    text,
  content_hash  bytea,
  PRIMARY KEY (msg_id, step, shard)
) PARTITION BY RANGE (msg_id);

-- What providers reported. An event id belongs to one mail.
CREATE TABLE event (
  msg_id   int8        NOT NULL,
  at       timestamptz NOT NULL,
  shard    int2        NOT NULL,
  type     int2        NOT NULL,
  event_id text        COLLATE "C" NOT NULL,
  detail   text        NOT NULL,
  PRIMARY KEY (msg_id, event_id, shard)
) PARTITION BY RANGE (msg_id);

CREATE TABLE batch (
  batch_id         int8        PRIMARY KEY,
  created_at       timestamptz NOT NULL,
  due_at           timestamptz NOT NULL,
  cancelled_at     timestamptz,
  max_per_second   float8      NOT NULL,  -- as its sender set it; 0: no limit
  template_version int4        NOT NULL,
  category         int2        NOT NULL,
  template_key     text        COLLATE "C" NOT NULL,
  request_id       text        COLLATE "C" NOT NULL UNIQUE,
  labels           text[],
  shared_context   bytea
);

-- Keys that were used. The ids of a request are consecutive from first_id on, unless some of its
-- items had been accepted before: then all are in `ids`.
CREATE TABLE request (
  created_at timestamptz NOT NULL,
  digest     int8        NOT NULL,
  first_id   int8        NOT NULL,
  chunk      int4        NOT NULL,
  is_batch   bool        NOT NULL,
  request_id text        COLLATE "C" NOT NULL,
  ids        int8[],
  PRIMARY KEY (request_id, chunk)
);
CREATE INDEX request_created ON request USING brin (created_at);
CREATE TABLE dedupe (
  created_at timestamptz NOT NULL,
  msg_id     int8        NOT NULL,
  key        text        COLLATE "C" PRIMARY KEY
);
CREATE INDEX dedupe_created ON dedupe USING brin (created_at);

-- Cancellations that workers must hear of; a message's stays as its tombstone.
CREATE TABLE cancellation (
  cancel_id int8        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at        timestamptz NOT NULL,
  msg_id    int8        UNIQUE,
  batch_id  int8
);

-- Final outcomes that were undone by asking for another try.
CREATE TABLE retry (
  msg_id     int8        NOT NULL,
  at         timestamptz NOT NULL,
  due_at     timestamptz NOT NULL,  -- in the queue
  step       int2        NOT NULL,  -- that it was put back with
  request_id text        COLLATE "C" NOT NULL,
  PRIMARY KEY (msg_id, step),
  UNIQUE (msg_id, request_id)
);

-- Counts, appended: one row for each distinct combination of a transaction, summed up when read and
-- compacted now and then (grain 0 as written, 1 a minute, 2 a day). `kind` is an outcome's, 0 for
-- accepted mail of a batch, 100 + type for a provider's event.
CREATE TABLE tally (
  at           timestamptz NOT NULL,
  batch_id     int8        NOT NULL,
  count        int8        NOT NULL,
  grain        int2        NOT NULL DEFAULT 0,
  lane         int2        NOT NULL,
  kind         int2        NOT NULL,
  reason       int2        NOT NULL,
  template_key text        COLLATE "C" NOT NULL
) WITH (autovacuum_vacuum_cost_delay = 0);
CREATE INDEX tally_at ON tally (at);
CREATE INDEX tally_batch ON tally (batch_id) WHERE batch_id <> 0;

-- Makes the partitions of one day: filled in before they are attached, which then needs no lock that
-- a reader or writer would notice.
CREATE FUNCTION ensure_day(p_day int8) RETURNS void LANGUAGE plpgsql
SET search_path = dispatch, pg_temp AS $$
DECLARE
  t text;
  suffix text := to_char(DATE '2024-01-01' + p_day::int4, '"_p"YYYYMMDD');
BEGIN
  FOREACH t IN ARRAY ARRAY['message', 'result', 'event'] LOOP
    CONTINUE WHEN to_regclass('dispatch.' || t || suffix) IS NOT NULL;
    PERFORM pg_advisory_xact_lock(hashtextextended('dispatch partitions', 0));
    CONTINUE WHEN to_regclass('dispatch.' || t || suffix) IS NOT NULL;
    EXECUTE format('CREATE TABLE %1$I (LIKE %2$I INCLUDING ALL,
                      CONSTRAINT bounds CHECK (msg_id >= %3$s AND msg_id < %4$s))',
                   t || suffix, t, first_id_of(p_day), first_id_of(p_day + 1));
    EXECUTE format('ALTER TABLE %1$I ATTACH PARTITION %2$I FOR VALUES FROM (%3$s) TO (%4$s)',
                   t, t || suffix, first_id_of(p_day), first_id_of(p_day + 1));
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT bounds', t || suffix);
  END LOOP;
END $$;

CREATE FUNCTION ensure_days() RETURNS void LANGUAGE plpgsql
SET search_path = dispatch, pg_temp AS $$
DECLARE d int8;
BEGIN
  FOR d IN SELECT day_of(clock_timestamp()) + g FROM generate_series(-1, 3) g LOOP
    PERFORM ensure_day(d);
  END LOOP;
END $$;
SELECT ensure_days();
