#pragma once

// The statements that run for every mail. They are prepared, so that a connection parses and plans
// them once. The functions are in functions/.
namespace lmsmail::dispatch {

inline constexpr char kAccept[] = "accept";
inline constexpr char kAcceptSql[] =
    "SELECT sub, state, batch, first_id, ids, create_time, due_time FROM accept_submissions("
    "$1::text[], $2::int4[], $3::int8[], $4::bool[], $5::text[], $6::int4[], $7::int2[], "
    "$8::int2[], $9::timestamptz[], $10::timestamptz[], $11::bytea[], $12::text[], $13::text[], "
    "$14::text[], $15::float8[], $16::int8[], $17::int4[], $18::int4[], $19::int2[], "
    "$20::text[], $21::text[], $22::int4[], $23::int4[], $24, $25::text[])";

// Claims and reads in one statement. The columns of take_due come with the first row only: with
// each of 500 mails they took a tenth of the time.
inline constexpr char kTakeDue[] = "take_due";
inline constexpr char kTakeDueSql[] =
    "SELECT m.*, once.* FROM take_due($1, $2, $3, $4, $5, $6, $7::timestamptz[], $8::int8[]) t "
    "LEFT JOIN LATERAL claimed_mails(CASE WHEN t.taken_shard IS NOT NULL THEN $1 END, false) "
    "  WITH ORDINALITY m ON true "
    "LEFT JOIN LATERAL (SELECT t.* WHERE coalesce(m.ordinality, 1) = 1) once ON true";

inline constexpr char kFlush[] = "flush";
inline constexpr char kFlushSql[] =
    "SELECT live, recorded FROM flush_outcomes($1, $2, $3::int8[], $4::int2[], $5::int2[], "
    "$6::int2[], $7::int2[], $8::timestamptz[], $9::int2[], $10::text[], $11::text[], "
    "$12::text[], $13::bytea[], $14::bytea[])";

}  // namespace lmsmail::dispatch
