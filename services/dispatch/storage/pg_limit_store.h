#pragma once

#include "libs/postgres/pool.h"
#include "services/dispatch/limits/limit_store.h"

namespace lmsmail::dispatch {

// The state of limits in the table rate_limit. All times are the database's clock.
class PgLimitStore final : public LimitStore {
 public:
  // `pool` has the schema "dispatch" and outlives the store.
  explicit PgLimitStore(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<Turns> Take(const Request& request) override;
  absl::StatusOr<Turns> Join(const Request& request) override;
  absl::Status Spare(std::string_view key, const RateRule& rule, double measured) override;
  absl::StatusOr<std::vector<std::string>> Spared() override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::dispatch
