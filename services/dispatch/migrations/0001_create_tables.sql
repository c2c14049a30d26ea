-- The queue and the log, split by lifetime: what a mail is (message), that it waits (queue), who
-- holds it (claim), what became of it (result). Rows of message, queue and result are inserted and
-- deleted, never updated, so mail that has ended or is due much later does not slow claims down.
-- The keys of what there is for each mail begin with its shard, by which deploy/citus.sql distributes
-- these tables. A statement that knows an id names its shard too: shard_of().

CREATE SEQUENCE message_seq INCREMENT BY 1000;  -- taken in blocks of 1000
CREATE SEQUENCE claim_seq INCREMENT BY 100;     -- taken in blocks of 100
CREATE SEQUENCE batch_seq;

-- A message id is the day of its due time (16 bits) | shard (8) | sequence number (39).
CREATE TABLE message (
  msg_id           int8        NOT NULL,
  due_time         timestamptz NOT NULL,
  expire_time      timestamptz NOT NULL,
  create_time      timestamptz NOT NULL,
  batch_id         int8        NOT NULL,  -- 0: a single Send
  template_version int4        NOT NULL,
  shard            int2        NOT NULL,
  lane             int2        NOT NULL,
  category         int2        NOT NULL,
  target_kind      int2        NOT NULL,
  target           text        COLLATE "C" NOT NULL,
  template_key     text        COLLATE "C" NOT NULL,
  request_key      text        COLLATE "C" NOT NULL,  -- the Send's request_id, a dedupe key, or ''
  language_code    text        COLLATE "C" NOT NULL,
  transport        text        COLLATE "C" NOT NULL,
  labels           text[],     -- key, value, key, value; those of a batch are in `batch`
  context          bytea,      -- google.protobuf.Struct
  traceparent      text        COLLATE "C",  -- of a Send in a sampled trace; else NULL, as in batches
  content_drop_time timestamptz,  -- when context and address were dropped: functions/content.sql
  PRIMARY KEY (shard, msg_id)
) PARTITION BY RANGE (msg_id);  -- one partition for 8 days; functions/partitions.sql makes them
-- Lists are newest first. The mails of a call share their create_time, so a list sorts few of them
-- by id, and these indexes need no id: equal keys are stored once. Addresses that differ in case
-- only are one; lower() of a text COLLATE "C" changes A-Z only.
COMMENT ON TABLE message IS 'append-only: what was accepted stays as it was, until its content is dropped';
CREATE INDEX message_create_time ON message (create_time);
CREATE INDEX message_target ON message (lower(target), create_time);
CREATE INDEX message_batch ON message (batch_id, create_time) WHERE batch_id <> 0;

-- Mail of later days. It is promoted in bulk when it is due within a day, so millions of mails for
-- next month never burden the queue.
CREATE TABLE scheduled (LIKE message);
ALTER TABLE scheduled ADD PRIMARY KEY (shard, msg_id);
CREATE INDEX scheduled_due ON scheduled (lane, due_time, msg_id);
CREATE INDEX scheduled_create_time ON scheduled (create_time);
CREATE INDEX scheduled_target ON scheduled (lower(target), create_time);
CREATE INDEX scheduled_batch ON scheduled (batch_id, create_time) WHERE batch_id <> 0;

-- One row while a mail waits. The only index begins with what a claim fixes (shard, lane), so rows
-- that are due later lie at the end of their range, where no claim reads them.
CREATE TABLE queue (
  due_time       timestamptz NOT NULL,
  msg_id         int8 NOT NULL,
  shard          int2 NOT NULL,
  lane           int2 NOT NULL,
  delivery_count int2 NOT NULL DEFAULT 1,  -- claims of this mail, the next one included
  attempt        int2 NOT NULL DEFAULT 0,  -- delivery attempts so far
  recovered      bool NOT NULL DEFAULT false,
  PRIMARY KEY (shard, lane, due_time, msg_id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 100000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.2,
        autovacuum_analyze_threshold = 100000);

-- One row for each shard and lane. Whoever holds its row lock may claim from them.
CREATE TABLE lane_lock (
  shard        int2 NOT NULL,
  lane         int2 NOT NULL,
  paused       bool NOT NULL DEFAULT false,
  pause_detail text NOT NULL DEFAULT '',
  PRIMARY KEY (shard, lane)
) WITH (fillfactor = 20);
-- More shards let more workers claim from one lane at the same time. Large batches get shards of
-- their own, so that small ones never wait behind them: services/dispatch/storage/shard_choice.h
-- chooses the shard of a submission. The number of shards can only grow.
INSERT INTO lane_lock (shard, lane)
SELECT s, l FROM generate_series(0, 15) s, generate_series(1, 4) l;

-- One row for each claimed batch of mails.
CREATE TABLE claim (
  claim_id          int8        NOT NULL,
  claim_time        timestamptz NOT NULL,
  lease_expire_time timestamptz NOT NULL,
  renew_by_time     timestamptz NOT NULL,  -- half the lease; a live holder renews before it
  overdue_time      timestamptz,           -- when a check first found that it had not
  shard             int2        NOT NULL,
  lane              int2        NOT NULL,
  worker            text        NOT NULL,
  msg_ids           int8[]      NOT NULL,
  delivery_counts   int2[]      NOT NULL,
  attempts          int2[]      NOT NULL,
  recovered         bool[]      NOT NULL,
  PRIMARY KEY (shard, claim_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0,
        toast_tuple_target = 128);  -- keeps the arrays apart: lease checks scan dead rows too

-- Outcomes. `kind` and `reason` are Outcome::Kind and Reason in services/dispatch.
CREATE TABLE result (
  msg_id         int8        NOT NULL,
  claim_id       int8        NOT NULL,  -- 0: decided without a worker
  record_time    timestamptz NOT NULL,
  retry_time     timestamptz,           -- deferred mail only: its due time in the queue
  shard          int2        NOT NULL,
  delivery_count int2        NOT NULL,
  attempt        int2        NOT NULL,
  kind           int2        NOT NULL,
  reason         int2        NOT NULL,
  reply_code     int2        NOT NULL DEFAULT 0,
  transport      text,
  enhanced_code  text,
  reply_text     text,
  content_hash   bytea,                 -- NULL: the mail was not handed to a transport
  address_hash   bytea,                 -- of the address it was handed over for; 16 bytes
  PRIMARY KEY (shard, msg_id, delivery_count)
) PARTITION BY RANGE (msg_id);
COMMENT ON TABLE result IS 'append-only: outcomes are evidence';
-- Refusals of recipients are looked up when a process starts; they are few among very many.
CREATE INDEX result_refused ON result (record_time) WHERE kind = 3 AND reason = 12;
-- What a restore made uncertain, which is none but after a restore.
CREATE INDEX result_restored ON result (msg_id) WHERE kind = 6 AND reason = 22;

-- What providers reported.
CREATE TABLE event (
  msg_id     int8        NOT NULL,
  event_time timestamptz NOT NULL,
  shard      int2        NOT NULL,
  type       int2        NOT NULL,
  link       int2        NOT NULL,  -- which link was followed, from 1 on; 0: not known, or no click
  machine    bool        NOT NULL,  -- a program opened or clicked, no person
  event_id   text        COLLATE "C" NOT NULL,
  detail     text        NOT NULL,
  PRIMARY KEY (shard, msg_id, event_id)
) PARTITION BY RANGE (msg_id);
-- Bounces and complaints, for the same purpose as result_refused.
CREATE INDEX event_against_address ON event (event_time) WHERE type IN (2, 6);

-- Hashes of the event ids that were used, for as long as the log of their mail. An id is recorded once
-- among all mails: a provider may sign the id alone, and who overheard it must not report about
-- another mail with it.
CREATE TABLE event_key (
  digest int8 PRIMARY KEY,
  msg_id int8 NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX event_key_msg_id ON event_key (msg_id);

CREATE TABLE batch (
  batch_id         int8        PRIMARY KEY,
  create_time      timestamptz NOT NULL,
  due_time         timestamptz NOT NULL,
  cancel_time      timestamptz,
  max_per_second   float8      NOT NULL,  -- as its sender set it; 0: no limit
  template_version int4        NOT NULL,
  category         int2        NOT NULL,
  template_key     text        COLLATE "C" NOT NULL,
  request_id       text        COLLATE "C" NOT NULL UNIQUE,
  labels           text[],
  shared_context   bytea,
  traceparent      text        COLLATE "C",  -- of the call that made the batch, if its trace is sampled
  content_drop_time timestamptz              -- when shared_context was dropped
);

-- Request ids that were used. The message ids of a request are consecutive from first_id on, unless
-- some of its items had been accepted before: then all are in `ids`.
--
-- Keys live as long as the log of their mail, which leaves by partitions: see purged_partition. Keys
-- must be unique over all of them, so these tables cannot be partitioned like the log; the indexes on
-- ids find the keys of one partition.
CREATE TABLE request (
  digest      int8        NOT NULL,
  first_id    int8        NOT NULL,
  chunk       int4        NOT NULL,
  is_batch    bool        NOT NULL,
  request_id  text        COLLATE "C" NOT NULL,
  ids         int8[],
  PRIMARY KEY (request_id, chunk)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX request_first_id ON request (first_id);
CREATE TABLE dedupe (
  msg_id      int8        NOT NULL,
  key         text        COLLATE "C" PRIMARY KEY
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX dedupe_msg_id ON dedupe (msg_id);

-- Partitions that were dropped, by their first days, while some keys of their mail are still to be
-- deleted. That may take many steps (forget_keys), each of which continues at these ids.
CREATE TABLE purged_partition (
  day        int8 PRIMARY KEY,
  request_id int8 NOT NULL,
  dedupe_id  int8 NOT NULL,
  event_id   int8 NOT NULL
);

-- Days of the log whose mail was looked through to drop content, and up to where. `done` and `doing`
-- are sets of categories, 1 << category.
CREATE TABLE content_day (
  day     int8 PRIMARY KEY,
  done    int8 NOT NULL DEFAULT 0,
  doing   int8 NOT NULL,
  next_id int8 NOT NULL
);

-- What was found and could not be dropped yet: a mail, or with msg_id 0 what a batch shares.
CREATE TABLE content_left (
  batch_id   int8        NOT NULL,
  msg_id     int8        NOT NULL,
  check_time timestamptz NOT NULL,  -- when to look again
  PRIMARY KEY (batch_id, msg_id)
);
CREATE INDEX content_left_check_time ON content_left (check_time);
CREATE INDEX content_left_msg_id ON content_left (msg_id);

-- Cancellations that workers read. That of a message stays, as its tombstone.
CREATE TABLE cancellation (
  cancel_id   int8        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  create_time timestamptz NOT NULL,
  msg_id      int8        UNIQUE,
  batch_id    int8
);

-- Requests to send mail again although it had a final outcome.
CREATE TABLE retry (
  msg_id         int8        NOT NULL,
  create_time    timestamptz NOT NULL,
  due_time       timestamptz,           -- in the queue; NULL: that of the mail, which is scheduled
  delivery_count int2        NOT NULL,  -- in the queue; scheduled mail may be retried several times
  request_id     text        COLLATE "C" NOT NULL,
  PRIMARY KEY (msg_id, request_id)
);

-- Counts, append-only: each transaction adds one row for each distinct combination. Rows are summed
-- when they are read, and compacted from time to time (granularity 0 as written, 1 a minute, 2 a
-- day). `kind` is that of an outcome, 0 for accepted mail of a batch, 100 + type for an event.
CREATE TABLE counter (
  count_time   timestamptz NOT NULL,
  batch_id     int8        NOT NULL,
  count        int8        NOT NULL,
  granularity  int2        NOT NULL DEFAULT 0,
  lane         int2        NOT NULL,
  kind         int2        NOT NULL,
  reason       int2        NOT NULL,
  template_key text        COLLATE "C" NOT NULL
) WITH (autovacuum_vacuum_cost_delay = 0);
CREATE INDEX counter_count_time ON counter (count_time);
CREATE INDEX counter_batch ON counter (batch_id) WHERE batch_id <> 0;

-- The state of rate limits, one row for each key; services/dispatch/storage/limit_store.h says what
-- it means. Updated a few times a second for each key in use, never for each mail.
CREATE TABLE rate_limit (
  key                        text        COLLATE "C" PRIMARY KEY,
  next_permit_time           timestamptz NOT NULL DEFAULT 'epoch',
  urgent_waitlist_end_time   timestamptz NOT NULL DEFAULT 'epoch',
  ordinary_waitlist_end_time timestamptz NOT NULL DEFAULT 'epoch',
  throttle_time              timestamptz NOT NULL DEFAULT 'epoch',
  share                      float8      NOT NULL DEFAULT 1,  -- of the rate, at throttle_time
  measured_rate              float8      NOT NULL DEFAULT 0
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0);

-- Shares of the connections that all replicas together may have, one row for each holder;
-- services/dispatch/storage/connection_shares.h says what they mean. Updated every few seconds.
CREATE TABLE connection_share (
  key               text        COLLATE "C" NOT NULL,
  holder            text        COLLATE "C" NOT NULL,
  join_time         timestamptz NOT NULL,
  renew_time        timestamptz NOT NULL,
  lease_expire_time timestamptz NOT NULL,
  PRIMARY KEY (key, holder)
) WITH (fillfactor = 20);
