-- By what the service notices that its database was restored to an earlier time: one row, whose mark
-- every replica moves forward and remembers. functions/observe_database.sql compares the two.
CREATE TABLE database_mark (
  generation   uuid        NOT NULL DEFAULT gen_random_uuid(),  -- another one after each restore
  server       text        NOT NULL DEFAULT '',  -- the cluster and its timeline; '': not known yet
  mark_time    timestamptz NOT NULL DEFAULT clock_timestamp(),
  restore_time timestamptz,  -- when the last restore was noticed
  restored_to  timestamptz   -- the mark that the database had then
) WITH (fillfactor = 20);
INSERT INTO database_mark DEFAULT VALUES;
