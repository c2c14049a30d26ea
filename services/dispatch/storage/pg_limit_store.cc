#include "services/dispatch/storage/pg_limit_store.h"

#include <algorithm>

#include "libs/postgres/field.h"
#include "libs/postgres/transaction.h"

namespace lmsmail::dispatch {
namespace {

using postgres::RunInTransaction;

const double kDoublingSeconds = absl::ToDoubleSeconds(LimitStore::kDoubling);

}  // namespace

// Repeatable: a second run acquires other permits, and those of a run whose COMMIT had no reply are
// lost, which keeps the limit.
absl::StatusOr<Permits> PgLimitStore::Acquire(const LimitStore::Request& request) {
  return RunInTransaction(
      pool_, {.name = "dispatch.acquire_permits", .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<Permits> {
        const pqxx::row row = tx.exec_params1(
            "SELECT count, first, spacing FROM acquire_permits($1, $2, $3, $4, $5, $6, $7, $8)",
            request.key, request.rule.per_second, absl::ToDoubleSeconds(ToleranceOf(request.rule)),
            request.count, absl::ToDoubleSeconds(request.ahead),
            request.waitlist == Waitlist::kUrgent, request.fresh, kDoublingSeconds);
        return Permits{row[0].as<int>(), absl::Seconds(row[1].as<double>()),
                       absl::Seconds(row[2].as<double>())};
      });
}

absl::StatusOr<Permits> PgLimitStore::Reserve(const LimitStore::Request& request) {
  return RunInTransaction(pool_, {.name = "dispatch.reserve_positions", .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<Permits> {
                            const pqxx::row row = tx.exec_params1(
                                "SELECT first, spacing FROM reserve_positions($1, $2, $3, $4)",
                                request.key, request.rule.per_second, request.count,
                                request.waitlist == Waitlist::kUrgent);
                            return Permits{request.count, absl::Seconds(row[0].as<double>()),
                                           absl::Seconds(row[1].as<double>())};
                          });
}

absl::Status PgLimitStore::Throttle(std::string_view key, const RateRule& rule, const Load& load) {
  return RunInTransaction(
      pool_, {.name = "dispatch.throttle", .repeatable = true},
      [&](pqxx::work& tx) -> absl::Status {
        tx.exec_params("SELECT throttle($1, $2, $3, $4, $5, $6, $7)", std::string(key),
                       rule.per_second, std::max(load.per_second, kMinMeasured), load.refused_share,
                       absl::ToDoubleSeconds(kThrottleInterval), kDoublingSeconds, kMinShare);
        return absl::OkStatus();
      });
}

absl::StatusOr<std::vector<std::string>> PgLimitStore::Throttled() {
  return RunInTransaction(
      pool_, {.name = "dispatch.throttled", .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<std::string>> {
        std::vector<std::string> keys;
        for (const pqxx::row& row : tx.exec_params(
                 "SELECT key FROM rate_limit "
                 "WHERE rate_share(share, throttle_time, clock_timestamp(), $1) < 1 ORDER BY key",
                 kDoublingSeconds)) {
          keys.push_back(postgres::Text(row[0]));
        }
        return keys;
      });
}

absl::StatusOr<int> PgLimitStore::Share(const ConnectionShares::Request& request) {
  return RunInTransaction(
      pool_, {.name = "dispatch.share_connections", .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<int> {
        return tx
            .exec_params1("SELECT share_connections($1, $2, $3, make_interval(secs => $4))",
                          request.key, request.holder, request.total,
                          absl::ToDoubleSeconds(request.lease))[0]
            .as<int>();
      });
}

absl::Status PgLimitStore::Leave(std::string_view holder) {
  return RunInTransaction(pool_, {.name = "dispatch.leave_connections", .repeatable = true},
                          [&](pqxx::work& tx) -> absl::Status {
                            tx.exec_params("DELETE FROM connection_share WHERE holder = $1",
                                           std::string(holder));
                            return absl::OkStatus();
                          });
}

}  // namespace lmsmail::dispatch
