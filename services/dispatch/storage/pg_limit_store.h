#pragma once

#include "libs/postgres/pool.h"
#include "services/dispatch/storage/connection_shares.h"
#include "services/dispatch/storage/limit_store.h"

namespace lmsmail::dispatch {

// Keeps limits in the tables rate_limit and connection_share. All times are by the clock of the
// database.
class PgLimitStore final : public LimitStore, public ConnectionShares {
 public:
  // `pool` has the schema "dispatch" and outlives the store.
  explicit PgLimitStore(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<Permits> Acquire(const LimitStore::Request& request) override;
  absl::StatusOr<Permits> Reserve(const LimitStore::Request& request) override;
  absl::Status Throttle(std::string_view key, const RateRule& rule, const Load& load) override;
  absl::StatusOr<std::vector<std::string>> Throttled() override;
  absl::StatusOr<int> Share(const ConnectionShares::Request& request) override;
  absl::Status Leave(std::string_view holder) override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::dispatch
