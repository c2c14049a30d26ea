#include "services/scheduler/storage/pg_request_store.h"

#include <pqxx/result>
#include <string>

#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"

namespace lmsmail::scheduler {

using postgres::ToTimestamptz;

absl::StatusOr<std::optional<RequestRecord>> PgRequestStore::Find(std::string_view method,
                                                                  std::string_view request_id,
                                                                  absl::Time deadline) {
  return postgres::RunInTransaction(
      pool_, {.name = "request.find", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::optional<RequestRecord>> {
        const pqxx::result rows = tx.exec_params(
            "SELECT digest, resource, create_time FROM request "
            "WHERE method = $1 AND request_id = $2",
            std::string(method), std::string(request_id));
        if (rows.empty()) return std::nullopt;
        return RequestRecord{.method = std::string(method),
                             .request_id = std::string(request_id),
                             .digest = rows[0]["digest"].as<std::int64_t>(),
                             .resource = postgres::Text(rows[0]["resource"]),
                             .time = postgres::Time(rows[0]["create_time"])};
      });
}

absl::StatusOr<int> PgRequestStore::DeleteBefore(absl::Time time, absl::Time deadline) {
  return postgres::RunInTransaction(
      pool_, {.name = "request.delete_before", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<int> {
        return static_cast<int>(
            tx.exec_params("DELETE FROM request WHERE create_time < $1", ToTimestamptz(time))
                .affected_rows());
      });
}

void PgRequestStore::Insert(const RequestRecord& request, pqxx::work& tx) {
  tx.exec_params0(
      "INSERT INTO request (method, request_id, digest, resource, create_time) "
      "VALUES ($1, $2, $3, $4, $5)",
      request.method, request.request_id, request.digest, request.resource,
      ToTimestamptz(request.time));
}

}  // namespace lmsmail::scheduler
