-- Enums are stored as the numbers of the proto. Numbers are never reused.

CREATE TABLE recipient (
  id text COLLATE "C" PRIMARY KEY,
  email_address text NOT NULL,
  -- The form in which addresses are compared: Ann@ and ann@ are the same address.
  canonical_address text COLLATE "C" NOT NULL,
  -- Keyed hashes of canonical_address, one per key at the time of writing.
  address_hashes text[] NOT NULL,
  display_name text NOT NULL,
  given_name text NOT NULL,
  language_code text NOT NULL,
  time_zone text NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  -- Whether opens and clicks may be measured. Who was loaded past the service has not been asked.
  tracking_allowed boolean NOT NULL DEFAULT false,
  tracking_time timestamptz  -- NULL: a default that nobody changed
);
CREATE INDEX recipient_by_address ON recipient (canonical_address, id);

-- The consent of each recipient to each optional category.
CREATE TABLE preference (
  recipient_id text COLLATE "C" NOT NULL REFERENCES recipient ON DELETE CASCADE,
  category smallint NOT NULL,
  subscribed boolean NOT NULL,
  update_time timestamptz,  -- NULL: a default that nobody changed
  PRIMARY KEY (recipient_id, category)
);

CREATE TABLE suppression (
  id text COLLATE "C" PRIMARY KEY,  -- keyed hash of the canonical address
  email_address text NOT NULL,      -- '' after its owner was erased
  canonical_address text COLLATE "C" UNIQUE,
  reason smallint NOT NULL,
  detail text NOT NULL,
  create_time timestamptz NOT NULL,
  CHECK ((email_address = '') = (canonical_address IS NULL))
);
CREATE INDEX suppression_by_time ON suppression (create_time, id);
CREATE INDEX suppression_by_reason ON suppression (reason, create_time, id);

-- Refusals of optional mail that outlive an erasure. Other refusals are in `preference`.
CREATE TABLE address_refusal (
  address_hash text COLLATE "C" NOT NULL,  -- keyed hash of the canonical address
  category     smallint NOT NULL,
  refuse_time  timestamptz NOT NULL,
  PRIMARY KEY (address_hash, category)
);

-- Erasures and what is left to do. Until one is done, it names whom it is about.
CREATE TABLE erasure (
  erasure_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject_hash  text COLLATE "C" NOT NULL,  -- keyed hash of the recipient's id
  recipient_id  text COLLATE "C",           -- NULL when done
  email_address text,                       -- NULL when done, unknown, or also another recipient's
  pending       text[] NOT NULL,            -- the services that still have to erase, in this order
  create_time   timestamptz NOT NULL,
  end_time      timestamptz,
  CHECK ((end_time IS NULL) = (cardinality(pending) > 0)),
  CHECK ((end_time IS NULL) = (recipient_id IS NOT NULL))
);
CREATE INDEX erasure_pending ON erasure ((pending[1]), erasure_id) WHERE end_time IS NULL;

-- The evidence of consent, stored under the recipient's id or, after an erasure, under a keyed hash of
-- it.
CREATE TABLE consent_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recipient_id text COLLATE "C",
  subject_hash text COLLATE "C",
  category smallint,  -- NULL: an erasure, or a decision about tracking
  action smallint NOT NULL,
  method smallint NOT NULL,
  actor text NOT NULL,
  consent_text text NOT NULL,
  event_time timestamptz NOT NULL,
  CHECK (num_nonnulls(recipient_id, subject_hash) = 1)
);
COMMENT ON TABLE consent_event IS 'append-only: evidence must not be edited';
CREATE INDEX consent_event_by_recipient ON consent_event (recipient_id, id)
  WHERE recipient_id IS NOT NULL;
CREATE INDEX consent_event_by_subject ON consent_event (subject_hash, id)
  WHERE subject_hash IS NOT NULL;

-- The school that mail is sent for: one row, with the values of school.* of the first start until it
-- is changed.
CREATE TABLE school (
  singleton bool PRIMARY KEY DEFAULT true CHECK (singleton),
  display_name text NOT NULL,
  url text NOT NULL,
  postal_address text NOT NULL,
  language_code text NOT NULL,
  time_zone text NOT NULL,
  logo_url text NOT NULL,
  color text NOT NULL,
  reply_to text NOT NULL,
  support_address text NOT NULL,
  -- Whether students who left during a week get its report.
  reports_after_leaving bool NOT NULL,
  update_time timestamptz NOT NULL,
  revision int8 NOT NULL
);
