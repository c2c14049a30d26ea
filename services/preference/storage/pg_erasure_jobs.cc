#include <fmt/format.h>

#include <limits>
#include <string>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "services/preference/domain/resource_names.h"
#include "services/preference/storage/pg_preference_store.h"

namespace lmsmail::preference {
namespace {

using postgres::RunInTransaction;
using postgres::ToTimestamptz;

// pqxx reads no arrays of text by itself.
constexpr char kColumns[] = "erasure_id, array_to_string(pending, ','), create_time, end_time";

ErasureJob ToJob(const pqxx::row& row) {
  ErasureJob job{
      row[0].as<std::int64_t>(), {}, postgres::Time(row[2]), postgres::OptionalTime(row[3])};
  std::string_view names = postgres::View(row[1]);
  while (!names.empty()) {
    job.pending_services.emplace_back(names.substr(0, names.find(',')));
    names.remove_prefix(std::min(names.size(), job.pending_services.back().size() + 1));
  }
  return job;
}

}  // namespace

absl::StatusOr<ErasureJob> PgPreferenceStore::GetErasure(std::int64_t id, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.get_erasure", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<ErasureJob> {
        const pqxx::result rows = tx.exec_params(
            fmt::format("SELECT {} FROM erasure WHERE erasure_id = $1", kColumns), id);
        if (rows.empty()) return NotFound(ErasureName(id));
        return ToJob(rows[0]);
      });
}

absl::StatusOr<std::vector<ErasureJob>> PgPreferenceStore::ListErasures(const ErasureQuery& query,
                                                                        absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.list_erasures", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<ErasureJob>> {
        std::vector<ErasureJob> jobs;
        for (const pqxx::row& row : tx.exec_params(
                 fmt::format("SELECT {} FROM erasure WHERE erasure_id < $1 {} "
                             "ORDER BY erasure_id DESC LIMIT $2",
                             kColumns, query.running_only ? "AND end_time IS NULL" : ""),
                 query.before_id.value_or(std::numeric_limits<std::int64_t>::max()), query.limit)) {
          jobs.push_back(ToJob(row));
        }
        return jobs;
      });
}

absl::StatusOr<std::vector<PendingErasure>> PgPreferenceStore::PendingErasures(
    std::string_view service, int limit, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.pending_erasures", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<PendingErasure>> {
        std::vector<PendingErasure> pending;
        for (const pqxx::row& row : tx.exec_params(
                 "SELECT erasure_id, recipient_id, coalesce(email_address, '') FROM erasure "
                 "WHERE pending[1] = $1 AND end_time IS NULL ORDER BY erasure_id LIMIT $2",
                 std::string(service), limit)) {
          pending.push_back(
              {row[0].as<std::int64_t>(), postgres::Text(row[1]), postgres::Text(row[2])});
        }
        return pending;
      });
}

absl::Status PgPreferenceStore::AcknowledgeErasure(std::int64_t id, std::string_view service,
                                                   absl::Time now, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.acknowledge_erasure", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::Status {
        const pqxx::result rows = tx.exec_params(
            "SELECT recipient_id, pending = ARRAY[$2] FROM erasure WHERE erasure_id = $1 "
            "FOR UPDATE",
            id, std::string(service));
        if (rows.empty()) return NotFound(ErasureName(id));
        if (!rows[0][1].as<bool>()) {
          tx.exec_params0(
              "UPDATE erasure SET pending = array_remove(pending, $2) WHERE erasure_id = $1", id,
              std::string(service));
          return absl::OkStatus();
        }
        tx.exec_params("SELECT erase_audit_events($1, $2)", postgres::Text(rows[0][0]),
                       ErasureName(id));
        tx.exec_params0(
            "UPDATE erasure SET pending = '{}', end_time = $2, recipient_id = NULL, "
            "email_address = NULL WHERE erasure_id = $1",
            id, ToTimestamptz(now));
        return absl::OkStatus();
      });
}

absl::StatusOr<RunningErasures> PgPreferenceStore::MeasureErasures(absl::Time deadline) {
  return postgres::RunStatement(
      pool_, {.name = "preference.measure_erasures", .deadline = deadline, .reads_only = true},
      [&](pqxx::transaction_base& tx) -> absl::StatusOr<RunningErasures> {
        const pqxx::row row =
            tx.exec1("SELECT count(*), min(create_time) FROM erasure WHERE end_time IS NULL");
        return RunningErasures{row[0].as<std::int64_t>(), postgres::OptionalTime(row[1])};
      });
}

}  // namespace lmsmail::preference
