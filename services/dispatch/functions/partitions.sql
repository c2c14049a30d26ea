-- The service's role may not create or drop tables, but these functions do it for partitions, with
-- the rights of the owner.

-- The last day for which there may be partitions: that of mail which is due in a year. A bound on how
-- many tables the service can make.
CREATE OR REPLACE FUNCTION last_day_ahead() RETURNS int8 STABLE LANGUAGE sql
SET search_path = dispatch, pg_temp AS $$ SELECT day_of(now()) + 367 $$;

-- The last day of the log that may be dropped. PurgeLogs keeps a week; a day less here, because the
-- clocks of the service and of the database may differ.
CREATE OR REPLACE FUNCTION last_day_to_drop() RETURNS int8 STABLE LANGUAGE sql
SET search_path = dispatch, pg_temp AS $$ SELECT day_of(now()) - 7 $$;

-- Makes the partitions that one day belongs to. They are completed before they are attached, so attaching needs
-- no lock that readers or writers would notice. Content that was dropped stays in dead rows until they
-- are vacuumed, so that must not wait until a fifth of the rows is dead.
CREATE OR REPLACE FUNCTION ensure_partitions(p_day int8) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = dispatch, pg_temp AS $$
DECLARE
  t text;
  v_first int8 := partition_of(p_day);
  suffix text := to_char(DATE '2024-01-01' + v_first::int4, '"_p"YYYYMMDD');
BEGIN
  IF p_day NOT BETWEEN 0 AND last_day_ahead() THEN
    RAISE EXCEPTION 'there is no partition for day %', p_day USING ERRCODE = 'MQ001';
  END IF;
  FOREACH t IN ARRAY ARRAY['message', 'result', 'event'] LOOP
    CONTINUE WHEN to_regclass(t || suffix) IS NOT NULL;
    PERFORM pg_advisory_xact_lock(hashtextextended('dispatch partitions', 0));
    -- Another caller may have made it meanwhile. to_regclass() would not see that: this session has
    -- cached that there is no such table, and waiting for an advisory lock does not refresh caches.
    CONTINUE WHEN EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                           WHERE i.inhparent = t::regclass AND c.relname = t || suffix);
    EXECUTE format('CREATE TABLE %1$I (LIKE %2$I INCLUDING ALL,
                      CONSTRAINT bounds CHECK (msg_id >= %3$s AND msg_id < %4$s))
                    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100)',
                   t || suffix, t, first_id_of(v_first), first_id_of(v_first + 8));
    EXECUTE format('ALTER TABLE %1$I ATTACH PARTITION %2$I FOR VALUES FROM (%3$s) TO (%4$s)',
                   t, t || suffix, first_id_of(v_first), first_id_of(v_first + 8));
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT bounds', t || suffix);
  END LOOP;
END $$;

-- Makes the partitions from yesterday to three days ahead.
CREATE OR REPLACE FUNCTION ensure_upcoming_partitions() RETURNS void LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE d int8;
BEGIN
  FOR d IN SELECT day_of(clock_timestamp()) + g FROM generate_series(-1, 3) g LOOP
    PERFORM ensure_partitions(d);
  END LOOP;
END $$;

-- Drops the partition that a day belongs to, of `message`, `result` or `event`. All readers and writers of the
-- table have to finish before. Drop one table in a transaction: waiting for the lock of one table
-- while holding that of another would deadlock with transactions that use both.
CREATE OR REPLACE FUNCTION drop_partition(p_table text, p_day int8) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = dispatch, pg_temp SET lock_timeout = '200ms' AS $$
BEGIN
  IF p_table NOT IN ('message', 'result', 'event') OR p_day < 0 OR partition_of(p_day) + 7 > last_day_to_drop() THEN
    RAISE EXCEPTION 'day % of % may not be dropped', p_day, p_table USING ERRCODE = 'MQ002';
  END IF;
  EXECUTE format('DROP TABLE IF EXISTS %I',
                 p_table || to_char(DATE '2024-01-01' + partition_of(p_day)::int4, '"_p"YYYYMMDD'));
END $$;
