#pragma once

#include <optional>
#include <pqxx/transaction>
#include <string_view>

#include "libs/postgres/pool.h"
#include "services/scheduler/storage/request_store.h"

namespace lmsmail::scheduler {

// Uses the tables of migrations/.
class PgRequestStore final : public RequestStore {
 public:
  explicit PgRequestStore(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::optional<RequestRecord>> Find(std::string_view method,
                                                    std::string_view request_id,
                                                    absl::Time deadline) override;
  absl::StatusOr<int> DeleteBefore(absl::Time time, absl::Time deadline) override;

  // Inserts a record in the transaction that creates the resource. A request id that is taken is a
  // unique violation.
  static void Insert(const RequestRecord& request, pqxx::work& tx);

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::scheduler
