#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "services/dispatch/storage/counter_values.h"
#include "services/dispatch/storage/message_state.h"
#include "services/dispatch/storage/pg_message_log.h"

// Statistics from `counter`: of batches, of days, and of the last minutes.
namespace lmsmail::dispatch {
namespace {

using postgres::RunInTransaction;
using postgres::ToArrayLiteral;

constexpr int kFirstEventKind = 100;
constexpr int kFirstMachineKind = 150;  // of events by programs
constexpr absl::Duration kDay = absl::Hours(24);

postgres::TransactionOptions Reading(std::string_view name, absl::Time deadline) {
  return {.name = name,
          .deadline = deadline,
          .isolation = postgres::Isolation::kRepeatableRead,
          .repeatable = true};
}

BatchRecord ReadBatch(const pqxx::row& row) {
  BatchRecord batch;
  batch.id = row[0].as<std::int64_t>();
  batch.request_id = postgres::Text(row[1]);
  batch.template_ref = {postgres::Text(row[2]), row[3].as<int>(),
                        static_cast<Category>(row[4].as<int>())};
  batch.create_time = postgres::Time(row[5]);
  batch.cancelled = !row[6].is_null();
  batch.max_per_second = row[7].as<double>();
  return batch;
}

void AddCounts(const pqxx::result& rows, BatchRecord& batch) {
  for (const pqxx::row& row : rows) {
    const int kind = row[0].as<int>();
    const std::int64_t count = row[2].as<std::int64_t>();
    if (kind == 0) batch.accepted = count;
    if (kind == kFirstEventKind + kDeliveredEvent) batch.delivered = count;
    if (kind == kFirstEventKind + kBouncedEvent) batch.bounced = count;
    if (kind == 0 || kind >= kFirstEventKind) continue;
    batch.recent_per_second += static_cast<double>(row[3].as<std::int64_t>()) / 60;
    if (count != 0) {
      batch.counts.push_back(
          {static_cast<Outcome::Kind>(kind), static_cast<Reason>(row[1].as<int>()), count});
    }
  }
}

}  // namespace

absl::StatusOr<BatchRecord> PgMessageLog::GetBatch(BatchId id, absl::Time deadline) {
  return RunInTransaction(
      pool_, Reading("dispatch.get_batch", deadline),
      [&](pqxx::work& tx) -> absl::StatusOr<BatchRecord> {
        const pqxx::result rows = tx.exec_params(
            "SELECT batch_id, request_id, template_key, template_version, category, create_time, "
            "cancel_time, max_per_second FROM batch WHERE batch_id = $1",
            id);
        if (rows.empty()) return NotFound(fmt::format("batches/{}", id));
        BatchRecord batch = ReadBatch(rows[0]);
        AddCounts(
            tx.exec_params("SELECT kind, reason, sum(count)::int8, "
                           "coalesce(sum(count) FILTER (WHERE count_time > now() - interval '1 "
                           "minute'), 0)::int8 "
                           "FROM counter WHERE batch_id = $1 AND batch_id <> 0 AND kind <= 102 "
                           "GROUP BY kind, reason ORDER BY kind, reason",
                           id),
            batch);
        return batch;
      });
}

absl::StatusOr<MessageLog::EventCounts> PgMessageLog::RecordEvents(
    absl::Span<const ProviderEvent> events, absl::Time deadline) {
  const auto each = [&](auto projection) { return ToArrayLiteral(events, projection); };
  const std::string types =
      each([](const ProviderEvent& event) { return static_cast<int>(event.type); });
  return RunInTransaction(
      pool_, {.name = "dispatch.record_events", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<EventCounts> {
        const pqxx::row row = tx.exec_params1(
            "SELECT recorded, duplicate, unknown FROM record_events($1::int8[], $2::int2[], "
            "$3::text[], $4::timestamptz[], $5::text[], $6::bool[], $7::int2[], $8::int2[], "
            "$9::bool[], make_interval(secs => $10))",
            each(&ProviderEvent::message), types, each(&ProviderEvent::event_id),
            each(&ProviderEvent::time), each(&ProviderEvent::detail), each(&ProviderEvent::machine),
            each(&ProviderEvent::link), each(&ProviderEvent::links), each(&ProviderEvent::own_id),
            absl::ToDoubleSeconds(machine_delay_));
        tx.exec_params("SELECT resolve_uncertain($1::int8[], $2::int2[])",
                       each(&ProviderEvent::message), types);
        return EventCounts{row[0].as<int>(), row[1].as<int>(), row[2].as<int>()};
      });
}

absl::StatusOr<std::vector<DayStats>> PgMessageLog::Stats(absl::Time start, absl::Time end,
                                                          std::string_view template_key,
                                                          absl::Time deadline) {
  return RunInTransaction(
      pool_, Reading("dispatch.stats", deadline),
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<DayStats>> {
        const pqxx::result rows = tx.exec_params(
            "SELECT date_trunc('day', count_time, 'UTC'), template_key, kind, reason, "
            "sum(count)::int8 "
            "FROM counter WHERE kind > 0 AND count_time >= date_trunc('day', $1::timestamptz, "
            "'UTC') "
            "AND count_time < $2::timestamptz AND ($3 = '' OR template_key = $3) "
            "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2",
            postgres::ToTimestamptz(std::max(start, end - 366 * kDay)),
            postgres::ToTimestamptz(end), std::string(template_key));
        std::vector<DayStats> stats;
        for (const pqxx::row& row : rows) {
          const absl::Time day = postgres::Time(row[0]);
          std::string key = postgres::Text(row[1]);
          if (stats.empty() || stats.back().day != day || stats.back().template_key != key) {
            stats.emplace_back();
            stats.back().day = day;
            stats.back().template_key = std::move(key);
          }
          const int kind = row[2].as<int>();
          const std::int64_t count = row[4].as<std::int64_t>();
          if (kind >= kFirstEventKind) {
            const bool machine = kind >= kFirstMachineKind;
            const int first = machine ? kFirstMachineKind : kFirstEventKind;
            CountEvent(static_cast<std::int16_t>(kind - first), machine, count, stats.back());
          } else {
            CountOutcome(static_cast<Outcome::Kind>(kind), static_cast<Reason>(row[3].as<int>()),
                         count, stats.back());
          }
        }
        return stats;
      });
}

absl::StatusOr<MessageLog::Recent> PgMessageLog::RecentOutcomes(absl::Time deadline) {
  return RunInTransaction(
      pool_, Reading("dispatch.recent_outcomes", deadline),
      [&](pqxx::work& tx) -> absl::StatusOr<Recent> {
        const pqxx::result rows = tx.exec(
            "SELECT lane, kind, reason, sum(count)::int8, "
            "coalesce(sum(count) FILTER (WHERE count_time > now() - interval '1 minute'), 0)::int8 "
            "FROM counter WHERE count_time > now() - interval '1 hour' AND kind BETWEEN 1 AND 102 "
            "GROUP BY lane, kind, reason");
        std::map<Lane, double> sent;
        std::map<State, std::int64_t> states;
        for (const pqxx::row& row : rows) {
          const int kind = row[1].as<int>();
          const auto count = row[3].as<std::int64_t>();
          if (kind == kFirstEventKind + kDeliveredEvent) states[State::kDelivered] += count;
          if (kind == kFirstEventKind + kBouncedEvent) states[State::kBounced] += count;
          if (kind >= kFirstEventKind) continue;
          const auto outcome = static_cast<Outcome::Kind>(kind);
          // One that bounced while it was UNCERTAIN is counted by the event.
          if (static_cast<Reason>(row[2].as<int>()) == Reason::kBounced &&
              outcome == Outcome::Kind::kFailed) {
            continue;
          }
          states[StateOf(outcome)] += count;
          if (outcome == Outcome::Kind::kSent) {
            sent[static_cast<Lane>(row[0].as<int>())] +=
                static_cast<double>(row[4].as<std::int64_t>()) / 60;
          }
        }
        std::erase_if(states, [](const auto& state) { return state.second == 0; });
        return Recent{{sent.begin(), sent.end()}, {states.begin(), states.end()}};
      });
}

}  // namespace lmsmail::dispatch
