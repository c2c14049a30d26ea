#pragma once

#include <optional>
#include <pqxx/transaction>
#include <string_view>

#include "libs/postgres/pool.h"
#include "services/scheduler/request_store.h"

namespace lmsmail::scheduler {

// On the schema of migrations/.
class PgRequestStore final : public RequestStore {
 public:
  explicit PgRequestStore(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::optional<RequestRecord>> Find(std::string_view method,
                                                    std::string_view request_id,
                                                    absl::Time deadline) override;
  absl::StatusOr<int> Forget(absl::Time before, absl::Time deadline) override;

  // In the transaction that makes what the request asks for; a taken id is a unique violation.
  static void Insert(const RequestRecord& request, pqxx::work& tx);

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::scheduler
