#include "services/dispatch/storage/pg_message_facts.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "services/dispatch/storage/pg_mail_rows.h"

namespace lmsmail::dispatch {
namespace {

// A claim may still list a mail that it has deferred and that another claim holds by now: the
// higher delivery count is the valid one.
std::string FactsSql() {
  return fmt::format(
      "WITH held AS MATERIALIZED ("
      "  SELECT u.id, max(u.delivery_count) AS delivery_count FROM claim c "
      "  CROSS JOIN LATERAL unnest(c.msg_ids, c.delivery_counts) AS u(id, delivery_count) "
      "  WHERE c.msg_ids && $1::int8[] GROUP BY u.id) "
      "SELECT u.id, f.msg_id IS NOT NULL, t.create_time, coalesce(h.delivery_count, 0), "
      "y.delivery_count, y.create_time, y.due_time, "
      "  latest.*, sent.*, delivered.*, bounced.*, read.* "
      "FROM unnest($1::int8[]) AS u(id) "
      "LEFT JOIN LATERAL (SELECT msg_id FROM scheduled s WHERE s.shard = shard_of(u.id) "
      "  AND s.msg_id = u.id LIMIT 1) f ON true "
      "LEFT JOIN LATERAL (SELECT create_time FROM cancellation c WHERE c.msg_id = u.id LIMIT 1) t "
      "ON true "
      "LEFT JOIN held h ON h.id = u.id "
      "LEFT JOIN LATERAL (SELECT y.delivery_count, y.create_time, y.due_time FROM retry y WHERE "
      "y.msg_id = u.id "
      "  ORDER BY y.delivery_count DESC, y.create_time DESC LIMIT 1) y ON true "
      "LEFT JOIN LATERAL (SELECT {0} FROM result r WHERE r.shard = shard_of(u.id) "
      "  AND r.msg_id = u.id "
      "  ORDER BY r.delivery_count DESC LIMIT 1) latest ON true "
      "LEFT JOIN LATERAL (SELECT {0} FROM result r WHERE r.shard = shard_of(u.id) "
      "  AND r.msg_id = u.id AND r.kind = 1 "
      "  ORDER BY r.delivery_count LIMIT 1) sent ON true "
      "LEFT JOIN LATERAL ({1} e.type = 1 {2}) delivered ON true "
      "LEFT JOIN LATERAL ({1} e.type = 2 {2}) bounced ON true "
      "LEFT JOIN LATERAL (SELECT "
      "  min(e.event_time) FILTER (WHERE e.type = 4 AND NOT e.machine), "
      "  min(e.event_time) FILTER (WHERE e.type = 5 AND NOT e.machine), "
      "  count(*) FILTER (WHERE e.type = 4 AND NOT e.machine), "
      "  count(*) FILTER (WHERE e.type = 5 AND NOT e.machine), "
      "  count(*) FILTER (WHERE e.type = 4 AND e.machine), "
      "  count(*) FILTER (WHERE e.type = 5 AND e.machine) "
      "  FROM event e WHERE e.shard = shard_of(u.id) AND e.msg_id = u.id "
      "  AND e.type IN (4, 5)) read ON true",
      kOutcomeColumns,
      "SELECT e.event_time, e.detail FROM event e WHERE e.shard = shard_of(u.id) AND "
      "e.msg_id = u.id AND",
      // A report from before a retry is about an earlier attempt.
      "AND e.event_time > coalesce(y.create_time, '-infinity') ORDER BY e.event_time LIMIT 1");
}

std::optional<MessageFacts::Reported> ReadReport(const pqxx::row& row, int first) {
  const std::optional<absl::Time> time = postgres::OptionalTime(row[first]);
  if (!time) return std::nullopt;
  return MessageFacts::Reported{*time, postgres::Text(row[first + 1])};
}

Engagement ReadEngagement(const pqxx::row& row, int first) {
  return {.open_time = postgres::OptionalTime(row[first]),
          .click_time = postgres::OptionalTime(row[first + 1]),
          .opens = row[first + 2].as<int>(),
          .clicks = row[first + 3].as<int>(),
          .machine_opens = row[first + 4].as<int>(),
          .machine_clicks = row[first + 5].as<int>()};
}

MessageFacts ReadFacts(const pqxx::row& row) {
  MessageFacts facts;
  facts.scheduled = row[1].as<bool>();
  facts.cancelled = postgres::OptionalTime(row[2]);
  facts.held_delivery_count = row[3].as<int>();
  if (!row[4].is_null()) {
    facts.retried = {row[4].as<int>(), postgres::Time(row[5]), postgres::OptionalTime(row[6])};
  }
  facts.latest = ReadOutcome(row, 7);
  facts.sent = ReadOutcome(row, 7 + kOutcomeColumnCount);
  facts.delivered = ReadReport(row, 7 + 2 * kOutcomeColumnCount);
  facts.bounced = ReadReport(row, 9 + 2 * kOutcomeColumnCount);
  facts.engagement = ReadEngagement(row, 11 + 2 * kOutcomeColumnCount);
  return facts;
}

}  // namespace

std::optional<RecordedOutcome> ReadOutcome(const pqxx::row& row, int first) {
  if (row[first].is_null()) return std::nullopt;
  RecordedOutcome recorded;
  Outcome& outcome = recorded.outcome;
  outcome.id = row[first].as<std::int64_t>();
  outcome.delivery_count = row[first + 1].as<int>();
  outcome.attempt = row[first + 2].as<int>();
  outcome.kind = static_cast<Outcome::Kind>(row[first + 3].as<int>());
  outcome.reason = static_cast<Reason>(row[first + 4].as<int>());
  recorded.time = postgres::Time(row[first + 5]);
  outcome.retry_time = postgres::OptionalTime(row[first + 6]).value_or(absl::Time());
  outcome.transport = postgres::Text(row[first + 7]);
  outcome.reply_code = row[first + 8].as<int>();
  outcome.enhanced_code = postgres::Text(row[first + 9]);
  outcome.reply_text = postgres::Text(row[first + 10]);
  outcome.content_hash = ReadBytes(row[first + 11]);
  outcome.address_hash = ReadBytes(row[first + 12]);
  return recorded;
}

std::unordered_map<MessageId, MessageFacts> LoadFacts(pqxx::work& tx,
                                                      const std::vector<MessageId>& ids) {
  std::unordered_map<MessageId, MessageFacts> facts;
  if (ids.empty()) return facts;
  for (const pqxx::row& row : tx.exec_params(FactsSql(), postgres::ToArrayLiteral(ids))) {
    facts.emplace(row[0].as<std::int64_t>(), ReadFacts(row));
  }
  return facts;
}

}  // namespace lmsmail::dispatch
