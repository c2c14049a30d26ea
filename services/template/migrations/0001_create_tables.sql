-- Templates, their versions and what was published when. Versions and publications are inserted and
-- then never touched: a mail names its version, and whoever asks for it years later gets the same.

CREATE TABLE template (
  template_id       text        COLLATE "C" PRIMARY KEY,
  category          int2        NOT NULL,
  display_name      text        NOT NULL,
  description       text        NOT NULL,
  latest_version    int4        NOT NULL,
  published_version int4        NOT NULL,  -- 0: none
  publication       int4        NOT NULL,  -- number of the one in force; 0: none
  built_in   bool        NOT NULL,  -- of the published version
  revision          int8        NOT NULL,  -- grows by one with every change
  create_time        timestamptz NOT NULL,
  update_time        timestamptz NOT NULL,
  delete_time        timestamptz
);

CREATE TABLE template_version (
  template_id     text        COLLATE "C" NOT NULL REFERENCES template,
  version         int4        NOT NULL CHECK (version > 0),
  content         jsonb       NOT NULL,  -- contents, variables, unescapedVariables of TemplateVersion
  digest          text        COLLATE "C" NOT NULL,  -- SHA-256 of the content, hex
  built_in bool        NOT NULL,
  create_time      timestamptz NOT NULL,
  PRIMARY KEY (template_id, version)
);
CREATE INDEX template_version_digest ON template_version (template_id, digest);

CREATE TABLE publication (
  template_id  text        COLLATE "C" NOT NULL,
  number       int4        NOT NULL CHECK (number > 0),
  version      int4        NOT NULL,
  previous     int4        NOT NULL CHECK (previous < number),  -- what a rollback goes back to; 0: nothing
  publish_time timestamptz NOT NULL,
  PRIMARY KEY (template_id, number),
  FOREIGN KEY (template_id, version) REFERENCES template_version
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME USING ERRCODE = 'TM001';
END $$;
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON template_version
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON publication
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- CreateTemplate's request ids, so that a repeated call creates nothing twice.
CREATE TABLE request (
  request_id  text        COLLATE "C" PRIMARY KEY,
  digest      int8        NOT NULL,  -- of the request's body
  template_id text        COLLATE "C" NOT NULL,
  create_time  timestamptz NOT NULL
);
CREATE INDEX request_created ON request (create_time);
