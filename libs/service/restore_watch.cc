#include "libs/service/restore_watch.h"

#include <fmt/format.h>

#include <pqxx/transaction>
#include <utility>

#include "libs/postgres/field.h"
#include "libs/postgres/session.h"
#include "libs/postgres/sql_error.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::service {
namespace {

// Until the schema is migrated, and granted to the service, there is nothing to compare.
constexpr char kHasMark[] =
    "SELECT to_regprocedure('observe_database(text,timestamptz,bool,bool)') IS NOT NULL";
constexpr char kObserve[] =
    "SELECT o.generation, o.mark_time, o.restore_time, o.restored_to::text, o.restored, "
    "o.moved FROM observe_database($1, $2::timestamptz, $3, $4) o";
// After a restore, all mail that was due is looked at.
constexpr char kSlowSettings[] =
    "SET LOCAL statement_timeout = '30min'; SET LOCAL lock_timeout = '10s'";

}  // namespace

RestoreWatch::RestoreWatch(Options options, telemetry::Metrics& metrics)
    : options_(std::move(options)),
      restore_time_(metrics
                        .AddGauge("lmsmail_database_restore_timestamp_seconds",
                                  "When it was last noticed that the database had been restored to "
                                  "an earlier time; 0: never.")
                        .With()) {}

template <typename Transaction>
RestoreWatch::Observation RestoreWatch::Observe(Transaction& tx, bool beat) {
  std::optional<Seen> known;
  {
    absl::MutexLock lock(&mutex_);
    known = seen_;
  }
  tx.exec(kSlowSettings);
  const pqxx::row row =
      tx.exec_params1(kObserve, known ? known->generation.c_str() : nullptr,
                      known ? postgres::ToTimestamptz(known->mark_time).c_str() : nullptr,
                      !options_.pause_after_failover, beat);
  return {.seen = {.generation = postgres::Text(row[0]), .mark_time = postgres::Time(row[1])},
          .restore_time = postgres::OptionalTime(row[2]),
          .restored_to = postgres::Text(row[3]),
          .restored = row[4].template as<bool>(),
          .moved = row[5].template as<bool>()};
}

absl::Status RestoreWatch::Take(const Observation& observation) {
  restore_time_.Set(observation.restore_time
                        ? absl::ToDoubleSeconds(*observation.restore_time - absl::UnixEpoch())
                        : 0);
  if (observation.restored) {
    telemetry::LogError("the database was restored to an earlier time",
                        {{"restored_to", observation.restored_to},
                         {"remedy", "deploy/runbook.md#lmsmaildatabaserestored"}});
  } else if (observation.moved) {
    telemetry::LogWarning(
        "the database failed over; nothing that this process knows of is missing");
  }
  absl::MutexLock lock(&mutex_);
  if (seen_ && seen_->generation != observation.seen.generation) {
    error_ = absl::UnavailableError(
        fmt::format("the database was restored to {}: this process ends, so that it starts anew",
                    observation.restored_to));
    options_.must_end();
    return error_;
  }
  // Concurrent calls may end in another order than they began.
  if (!seen_ || observation.seen.mark_time > seen_->mark_time) seen_ = observation.seen;
  return absl::OkStatus();
}

absl::Status RestoreWatch::Connected(postgres::Session& session) {
  Observation observation;
  try {
    pqxx::work tx(session.connection());
    if (!tx.exec1(kHasMark)[0].as<bool>()) return absl::OkStatus();
    observation = Observe(tx, /*beat=*/false);
    tx.commit();
  } catch (const std::exception& error) {
    return postgres::ToStatus("restore_watch", error);
  }
  return Take(observation);
}

absl::Status RestoreWatch::Beat(postgres::Pool& pool) {
  const absl::StatusOr<Observation> observation = postgres::RunInTransaction(
      pool, {.name = "restore_watch", .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<Observation> { return Observe(tx, /*beat=*/true); });
  return observation.ok() ? Take(*observation) : observation.status();
}

absl::Status RestoreWatch::error() const {
  absl::MutexLock lock(&mutex_);
  return error_;
}

}  // namespace lmsmail::service
