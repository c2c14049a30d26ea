-- Distributes the tables of dispatch over a Citus cluster. README.md, "More than one PostgreSQL", says
-- when that pays and what is still missing: not run on Citus in our tests.
--
-- Order: 1. CREATE EXTENSION citus on all nodes, citus_set_coordinator_host(), citus_add_node();
-- 2. lmsmail-dispatch --migrate; 3. this file, as the migrator, in the database of dispatch; then start
-- dispatch. Run it again after each migration, which creates the functions anew: it changes only what is
-- not done yet. Tables that have rows are distributed with them, while writers wait.
--
--   psql -X -v ON_ERROR_STOP=1 -d lmsmail -f deploy/citus.sql

SET search_path = dispatch, public;

-- What there is for each mail. One co-location group, so that the mail, its queue row, its claim and its
-- outcomes are on one node: a claim or a flush writes to one node and needs no two-phase commit.
-- There are 16 values of `shard`; with four times as many shards few nodes get two busy ones.
-- The partitions of a table follow it, also later ones.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['queue', 'claim', 'message', 'result', 'event'] LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = t::regclass);
    IF t = 'queue' THEN
      PERFORM create_distributed_table(t::regclass, 'shard', colocate_with => 'none', shard_count => 64);
    ELSE
      PERFORM create_distributed_table(t::regclass, 'shard', colocate_with => 'queue');
    END IF;
  END LOOP;
END $$;

-- Few rows, which statements about one shard join. Written for a cancellation or a retry by hand.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['cancellation', 'retry'] LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = t::regclass);
    PERFORM create_reference_table(t::regclass);
  END LOOP;
END $$;

-- Everything else stays on the coordinator. `request`, `batch`, `dedupe` and `event_key` have keys that
-- are unique over all shards; `lane_lock` is locked for a whole lane; `scheduled` waits for its day;
-- `counter`, `rate_limit` and `connection_share` are small.
--
-- So do the functions: none is delegated to a worker by create_distributed_function with a distribution
-- argument. Low watermarks compare clocks and transaction numbers, which must be of one node, and
-- acceptance needs the keys. These two are called in conditions that a worker evaluates.
DO $$
DECLARE
  f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['shard_of(int8)', 'first_id_of(int8)'] LOOP
    PERFORM create_distributed_function(f::regprocedure);
  END LOOP;
END $$;

-- Citus chooses the node when it plans a statement, so it must know the shard then. The functions force
-- generic plans, which PostgreSQL alone is faster with.
DO $$
DECLARE
  f regprocedure;
BEGIN
  FOR f IN SELECT p.oid FROM pg_proc p
            WHERE p.pronamespace = 'dispatch'::regnamespace
              AND 'plan_cache_mode=force_generic_plan' = ANY (p.proconfig) LOOP
    EXECUTE format('ALTER FUNCTION %s RESET plan_cache_mode', f);
  END LOOP;
END $$;
