-- What signs page tokens, the same for all replicas: 244 random bits.
CREATE TABLE page_token_key (key bytea NOT NULL);
COMMENT ON TABLE page_token_key IS 'append-only: one row';
INSERT INTO page_token_key
SELECT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex');
