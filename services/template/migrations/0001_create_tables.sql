-- Templates, their versions and their publications. Versions and publications are only ever inserted:
-- a mail names its version, and a request for it years later returns the same content.

CREATE TABLE template (
  template_id       text        COLLATE "C" PRIMARY KEY,
  category          int2        NOT NULL,
  display_name      text        NOT NULL,
  description       text        NOT NULL,
  latest_version    int4        NOT NULL,
  published_version int4        NOT NULL,  -- 0: none
  publication       int4        NOT NULL,  -- number of the current publication; 0: none
  built_in          bool        NOT NULL,  -- of the published version
  revision          int8        NOT NULL,  -- incremented by every change
  create_time       timestamptz NOT NULL,
  update_time       timestamptz NOT NULL,
  delete_time       timestamptz
);

CREATE TABLE template_version (
  template_id     text        COLLATE "C" NOT NULL REFERENCES template,
  version         int4        NOT NULL CHECK (version > 0),
  content         jsonb       NOT NULL,  -- contents, variables and unescapedVariables
  digest          text        COLLATE "C" NOT NULL,  -- SHA-256 of the content in hex
  built_in        bool        NOT NULL,
  create_time     timestamptz NOT NULL,
  PRIMARY KEY (template_id, version)
);
COMMENT ON TABLE template_version IS 'append-only: a mail names its version';
CREATE INDEX template_version_digest ON template_version (template_id, digest);

CREATE TABLE publication (
  template_id  text        COLLATE "C" NOT NULL,
  number       int4        NOT NULL CHECK (number > 0),
  version      int4        NOT NULL,
  previous     int4        NOT NULL CHECK (previous < number),  -- restored by a rollback; 0: none
  publish_time timestamptz NOT NULL,
  PRIMARY KEY (template_id, number),
  FOREIGN KEY (template_id, version) REFERENCES template_version
);
COMMENT ON TABLE publication IS 'append-only: which version was in force when';

-- The request ids of CreateTemplate, so that a repeated call does not create a second template.
CREATE TABLE request (
  request_id  text        COLLATE "C" PRIMARY KEY,
  digest      int8        NOT NULL,  -- of the request body
  template_id text        COLLATE "C" NOT NULL,
  create_time timestamptz NOT NULL
);
CREATE INDEX request_created ON request (create_time);
