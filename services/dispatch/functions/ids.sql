-- A message id is the day of its due time (16 bits) | shard (8) | sequence number (39). These
-- have no SET search_path, which would keep the planner from inlining them; names in a body that is
-- not a string are resolved when the function is created.

-- Days since 2024-01-01, UTC. It uses an interval, because extract() of a timestamptz is only
-- STABLE, and the planner would not inline the function then.
CREATE OR REPLACE FUNCTION day_of(p_time timestamptz) RETURNS int8 IMMUTABLE PARALLEL SAFE
RETURN floor(extract(epoch FROM p_time - '2024-01-01 00:00:00+00'::timestamptz) / 86400)::int8;

CREATE OR REPLACE FUNCTION first_id_of(p_day int8) RETURNS int8 IMMUTABLE PARALLEL SAFE
RETURN p_day << 47;

-- The first day of the partition that a day belongs to. Eight days share one, because each claim costs
-- a little for each partition that there is, and the log is kept for more than a year.
CREATE OR REPLACE FUNCTION partition_of(p_day int8) RETURNS int8 IMMUTABLE PARALLEL SAFE
RETURN p_day & ~7::int8;

CREATE OR REPLACE FUNCTION shard_of(p_id int8) RETURNS int2 IMMUTABLE PARALLEL SAFE
RETURN ((p_id >> 39) & 255)::int2;
