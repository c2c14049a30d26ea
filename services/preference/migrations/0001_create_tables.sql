-- Enums are stored as the numbers that the protocol gives them; none is ever reused.

CREATE TABLE recipient (
  id text COLLATE "C" PRIMARY KEY,
  email_address text NOT NULL,
  -- What addresses are compared by: one person may be spelt Ann@ here and ann@ there.
  canonical_address text COLLATE "C" NOT NULL,
  -- Keyed hashes of canonical_address, by every key at the time of writing.
  address_hashes text[] NOT NULL,
  display_name text NOT NULL,
  given_name text NOT NULL,
  language_code text NOT NULL,
  time_zone text NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL
);
CREATE INDEX recipient_by_address ON recipient (canonical_address, id);

-- What each recipient agreed to; optional categories only.
CREATE TABLE preference (
  recipient_id text COLLATE "C" NOT NULL REFERENCES recipient ON DELETE CASCADE,
  category smallint NOT NULL,
  subscribed boolean NOT NULL,
  update_time timestamptz,  -- NULL: a default that nobody touched
  PRIMARY KEY (recipient_id, category)
);

CREATE TABLE suppression (
  id text COLLATE "C" PRIMARY KEY,  -- keyed hash of the canonical address
  email_address text NOT NULL,      -- '' once its owner was erased
  canonical_address text COLLATE "C" UNIQUE,
  reason smallint NOT NULL,
  detail text NOT NULL,
  create_time timestamptz NOT NULL,
  CHECK ((email_address = '') = (canonical_address IS NULL))
);
CREATE INDEX suppression_by_time ON suppression (create_time, id);
CREATE INDEX suppression_by_reason ON suppression (reason, create_time, id);

-- The evidence. Of a recipient, or, after an erasure, of a keyed hash of the recipient's id.
CREATE TABLE consent_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recipient_id text COLLATE "C",
  subject_hash text COLLATE "C",
  category smallint,  -- NULL: an erasure
  action smallint NOT NULL,
  method smallint NOT NULL,
  actor text NOT NULL,
  wording text NOT NULL,
  event_time timestamptz NOT NULL,
  CHECK (num_nonnulls(recipient_id, subject_hash) = 1)
);
CREATE INDEX consent_event_by_recipient ON consent_event (recipient_id, id)
  WHERE recipient_id IS NOT NULL;
CREATE INDEX consent_event_by_subject ON consent_event (subject_hash, id)
  WHERE subject_hash IS NOT NULL;

-- Evidence that could be edited would be none: the only change allowed is the erasure of who.
CREATE FUNCTION keep_consent_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.recipient_id IS NOT NULL AND NEW.recipient_id IS NULL
     AND (NEW.id, NEW.category, NEW.action, NEW.method, NEW.event_time)
         IS NOT DISTINCT FROM (OLD.id, OLD.category, OLD.action, OLD.method, OLD.event_time) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'consent events are only ever added' USING ERRCODE = 'MP001';
END $$;
CREATE TRIGGER keep_consent_event BEFORE UPDATE OR DELETE ON consent_event
  FOR EACH ROW EXECUTE FUNCTION keep_consent_event();
