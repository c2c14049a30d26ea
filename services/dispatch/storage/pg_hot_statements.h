#pragma once

// The statements that run for every mail. They are prepared, so that a connection parses and plans
// them once. The functions are in functions/; whatever they read or write of a mail is of one
// shard.
namespace lmsmail::dispatch {

inline constexpr char kAccept[] = "accept";
inline constexpr char kAcceptSql[] =
    "SELECT sub, state, batch, first_id, ids, create_time, due_time FROM accept_submissions("
    "$1, $2::text[], $3::int4[], $4::int8[], $5::bool[], $6::text[], $7::int4[], $8::int2[], "
    "$9::int2[], $10::timestamptz[], $11::timestamptz[], $12::bytea[], $13::text[], $14::text[], "
    "$15::text[], $16::float8[], $17::int8[], $18::int4[], $19::int4[], $20::int2[], "
    "$21::text[], $22::text[], $23::int4[], $24::int4[], $25, $26::text[])";

// Claims and reads in one statement. The columns of take_due come with the first row only: with
// each of 500 mails they took a tenth of the time.
inline constexpr char kTakeDue[] = "take_due";
inline constexpr char kTakeDueSql[] =
    "SELECT m.*, once.* FROM take_due($1, $2, $3, $4, $5, $6, $7::timestamptz[], $8::int8[]) t "
    "LEFT JOIN LATERAL claimed_mails(t.taken_shard, $1, false) WITH ORDINALITY m ON true "
    "LEFT JOIN LATERAL (SELECT t.* WHERE coalesce(m.ordinality, 1) = 1) once ON true";

inline constexpr char kFlush[] = "flush";
inline constexpr char kFlushSql[] =
    "SELECT live, recorded FROM flush_outcomes($1, $2, $3, $4::int8[], $5::int2[], "
    "$6::int2[], $7::int2[], $8::int2[], $9::timestamptz[], $10::int2[], $11::text[], "
    "$12::text[], $13::text[], $14::bytea[], $15::bytea[])";

}  // namespace lmsmail::dispatch
