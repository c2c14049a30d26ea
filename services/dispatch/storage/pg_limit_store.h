#pragma once

#include "libs/postgres/pool.h"
#include "services/dispatch/storage/connection_shares.h"
#include "services/dispatch/storage/limit_store.h"

namespace lmsmail::dispatch {

// The state of limits in the tables rate_limit and connection_share. All times are the database's
// clock.
class PgLimitStore final : public LimitStore, public ConnectionShares {
 public:
  // `pool` has the schema "dispatch" and outlives the store.
  explicit PgLimitStore(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<Turns> Take(const LimitStore::Request& request) override;
  absl::StatusOr<Turns> Join(const LimitStore::Request& request) override;
  absl::Status Spare(std::string_view key, const RateRule& rule, double measured) override;
  absl::StatusOr<std::vector<std::string>> Spared() override;
  absl::StatusOr<int> Share(const ConnectionShares::Request& request) override;
  absl::Status Leave(std::string_view holder) override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::dispatch
