#include "libs/audit/pg_audit_log.h"

#include <limits>
#include <pqxx/result>

#include "absl/time/clock.h"

#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::audit {
namespace {

using postgres::Text;
using postgres::ToTimestamptz;

// The call may have used up its own time.
constexpr absl::Duration kEndTimeout = absl::Seconds(5);

constexpr char kInsert[] =
    "INSERT INTO audit_event (caller, method, resource, request_id) VALUES ($1, $2, $3, $4) "
    "RETURNING event_id";
constexpr char kInsertEnd[] =
    "INSERT INTO audit_end (event_id, code) VALUES ($1, $2) ON CONFLICT DO NOTHING";
constexpr char kSelect[] = R"(
SELECT e.event_id, e.begin_time, e.caller, e.method, e.resource, e.request_id, n.end_time, n.code
  FROM audit_event e LEFT JOIN audit_end n USING (event_id)
 WHERE e.event_id < $1 AND ($2 = '' OR e.caller = $2) AND ($3 = '' OR e.method = $3)
   AND ($4 = '' OR e.resource = $4) AND e.begin_time >= $5 AND e.begin_time < $6
 ORDER BY e.event_id DESC LIMIT $7)";

Entry Read(const pqxx::row& row) {
  Entry entry{.id = row["event_id"].as<std::int64_t>(),
              .begin_time = postgres::Time(row["begin_time"]),
              .call = {.caller = Text(row["caller"]),
                       .method = Text(row["method"]),
                       .resource = Text(row["resource"]),
                       .request_id = Text(row["request_id"])}};
  if (!row["end_time"].is_null()) {
    entry.end = {postgres::Time(row["end_time"]),
                 static_cast<absl::StatusCode>(row["code"].as<int>())};
  }
  return entry;
}

}  // namespace

absl::StatusOr<std::int64_t> PgAuditLog::Begin(const Call& call, absl::Time deadline) {
  return postgres::RunStatement(
      pool_, {.name = "audit.begin", .deadline = deadline},
      [&](pqxx::transaction_base& tx) -> absl::StatusOr<std::int64_t> {
        return tx.exec_params1(kInsert, call.caller, call.method, call.resource, call.request_id)[0]
            .as<std::int64_t>();
      });
}

void PgAuditLog::End(std::int64_t id, absl::StatusCode code) {
  const absl::Status recorded = postgres::RunStatement(
      pool_, {.name = "audit.end", .deadline = absl::Now() + kEndTimeout, .repeatable = true},
      [&](pqxx::transaction_base& tx) {
        tx.exec_params(kInsertEnd, id, static_cast<int>(code));
        return absl::OkStatus();
      });
  if (recorded.ok()) return;
  telemetry::LogError(
      "the end of an audited call could not be recorded",
      {{"event_id", id}, {"code", absl::StatusCodeToString(code)}, {"error", recorded}});
}

absl::StatusOr<std::vector<Entry>> PgAuditLog::List(const Filter& filter,
                                                    std::optional<std::int64_t> before, int limit,
                                                    absl::Time deadline) {
  return postgres::RunStatement(
      pool_, {.name = "audit.list", .deadline = deadline, .reads_only = true},
      [&](pqxx::transaction_base& tx) -> absl::StatusOr<std::vector<Entry>> {
        std::vector<Entry> entries;
        for (const pqxx::row& row :
             tx.exec_params(kSelect, before.value_or(std::numeric_limits<std::int64_t>::max()),
                            filter.caller, filter.method, filter.resource,
                            ToTimestamptz(filter.start), ToTimestamptz(filter.end), limit)) {
          entries.push_back(Read(row));
        }
        return entries;
      });
}

absl::StatusOr<int> PgAuditLog::DeleteBefore(absl::Time time, int limit, absl::Time deadline) {
  return postgres::RunStatement(
      pool_, {.name = "audit.delete_before", .deadline = deadline, .repeatable = true},
      [&](pqxx::transaction_base& tx) -> absl::StatusOr<int> {
        return tx.exec_params1("SELECT delete_audit_events($1, $2)", ToTimestamptz(time), limit)[0]
            .as<int>();
      });
}

}  // namespace lmsmail::audit
