#include <map>
#include <pqxx/nontransaction>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/postgres/field.h"
#include "libs/postgres/session.h"
#include "libs/postgres/sql_error.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/storage/pg_queue_store.h"

// Maintenance, which runs from time to time on any replica.
namespace lmsmail::dispatch {
namespace {

using postgres::RunInTransaction;

constexpr int kMaxPromoted = 5000;
constexpr int kMaxDeletedKeys = 5000;
constexpr int kMaxDropAttempts = 5;

struct OldDay {
  std::int64_t day;
  bool waiting;
};

}  // namespace

absl::StatusOr<int> PgQueueStore::Promote(absl::Time deadline) {
  int promoted = 0;
  for (;;) {
    LMSMAIL_ASSIGN_OR_RETURN(
        const int moved,
        RunInTransaction(pool_, {.name = "dispatch.promote", .deadline = deadline},
                         [&](pqxx::work& tx) -> absl::StatusOr<int> {
                           return tx.exec_params1("SELECT promote($1)", kMaxPromoted)[0].as<int>();
                         }));
    promoted += moved;
    if (moved < kMaxPromoted) return promoted;
  }
}

// Reads the whole table: with many dead rows an index would be ten times slower.
absl::Status PgQueueStore::FindOverlooked() {
  std::map<Lane, std::vector<LowWatermarks::Key>> watermarks;
  for (const Lane lane : kLanes)
    watermarks[lane] = watermarks_.Watermarks(lane);  // read first, because they rise
  return RunInTransaction(
      pool_, {.name = "dispatch.find_overlooked", .repeatable = true},
      [&](pqxx::work& tx) -> absl::Status {
        tx.exec("SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off");
        for (const pqxx::row& row :
             tx.exec("SELECT lane, shard, min(due_time) FROM queue GROUP BY lane, shard")) {
          const auto lane = static_cast<Lane>(row[0].as<int>());
          const int shard = row[1].as<int>();
          const LowWatermarks::Key oldest{postgres::Time(row[2]), 0};
          const std::vector<LowWatermarks::Key>& of_lane = watermarks[lane];
          const auto index = static_cast<std::size_t>(shard);
          if (index < of_lane.size() && oldest < of_lane[index]) {
            watermarks_.Lower(lane, shard, oldest);
          }
        }
        return absl::OkStatus();
      });
}

absl::Status PgQueueStore::EnsureDays(absl::Time deadline) {
  return RunInTransaction(
      pool_,
      {.name = "dispatch.ensure_upcoming_partitions", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::Status {
        tx.exec("SELECT ensure_upcoming_partitions()");
        return absl::OkStatus();
      });
}

absl::Status PgQueueStore::DeleteExpiredKeys() {
  for (;;) {
    LMSMAIL_ASSIGN_OR_RETURN(
        const int deleted,
        RunInTransaction(pool_, {.name = "dispatch.delete_expired_keys", .repeatable = true},
                         [&](pqxx::work& tx) -> absl::StatusOr<int> {
                           return tx
                               .exec_params1("SELECT delete_expired_keys($1)", kMaxDeletedKeys)[0]
                               .as<int>();
                         }));
    if (deleted < kMaxDeletedKeys) return absl::OkStatus();
  }
}

absl::Status PgQueueStore::Maintain() {
  LMSMAIL_RETURN_IF_ERROR(EnsureDays(absl::InfiniteFuture()));
  LMSMAIL_RETURN_IF_ERROR(DeleteExpiredKeys());
  LMSMAIL_RETURN_IF_ERROR(RunInTransaction(pool_, {.name = "dispatch.compact_counters"},
                                           [&](pqxx::work& tx) -> absl::Status {
                                             tx.exec("SELECT compact_counters()");
                                             return absl::OkStatus();
                                           }));
  Vacuum();
  return absl::OkStatus();
}

// Autovacuum has few workers, which may be busy with another table for an hour, while all rows of
// these small tables change within a minute. Errors are only logged: vacuuming is an optimization.
void PgQueueStore::Vacuum() {
  absl::StatusOr<postgres::Pool::Lease> lease =
      pool_.Checkout(absl::Now() + pool_.options().checkout_timeout);
  if (!lease.ok()) return;
  try {
    pqxx::nontransaction tx((*lease)->connection());
    tx.exec("VACUUM (SKIP_LOCKED, ANALYZE) queue, claim, lane_lock, counter");
  } catch (const std::exception& error) {
    const absl::Status status = postgres::ToStatus("dispatch.vacuum", error);
    if (postgres::MustReconnect(status)) lease->Discard();
    telemetry::LogWarning("the queue's tables were not vacuumed", {{"error", status}});
  }
}

absl::Status PgQueueStore::DropPartition(std::string_view table, std::int64_t day,
                                         absl::Time deadline) {
  absl::Status status;
  for (int attempt = 0; attempt < kMaxDropAttempts; ++attempt) {
    // Its lock_timeout is short, because later transactions wait behind it.
    status = RunInTransaction(
        pool_, {.name = "dispatch.drop_partition", .deadline = deadline, .repeatable = true},
        [&](pqxx::work& tx) -> absl::Status {
          tx.exec_params("SELECT drop_partition($1, $2)", std::string(table), day);
          return absl::OkStatus();
        });
    if (status.code() != absl::StatusCode::kAborted) return status;
  }
  return status;
}

absl::Status PgQueueStore::DropDay(std::int64_t day, absl::Time deadline) {
  LMSMAIL_RETURN_IF_ERROR(
      RunInTransaction(pool_, {.name = "dispatch.delete_day_records", .deadline = deadline},
                       [&](pqxx::work& tx) -> absl::Status {
                         tx.exec_params("SELECT delete_day_records($1)", day);
                         return absl::OkStatus();
                       }));
  // `message` last: purgeable_days finds a day by it, so an interrupted purge is continued.
  for (const std::string_view table : {"event", "result", "message"}) {
    LMSMAIL_RETURN_IF_ERROR(DropPartition(table, day, deadline));
  }
  return absl::OkStatus();
}

absl::StatusOr<QueueStore::Purged> PgQueueStore::Purge(absl::Time before, bool count_only,
                                                       absl::Time deadline) {
  const std::string cutoff = postgres::ToTimestamptz(before);
  LMSMAIL_ASSIGN_OR_RETURN(
      const std::vector<OldDay> days,
      RunInTransaction(
          pool_, {.name = "dispatch.purgeable_days", .deadline = deadline, .repeatable = true},
          [&](pqxx::work& tx) -> absl::StatusOr<std::vector<OldDay>> {
            std::vector<OldDay> found;
            for (const pqxx::row& row : tx.exec_params(
                     "SELECT day, waiting FROM purgeable_days($1::timestamptz)", cutoff)) {
              found.push_back({row[0].as<std::int64_t>(), row[1].as<bool>()});
            }
            return found;
          }));
  Purged purged;
  for (const OldDay& day : days) {
    if (day.waiting) {
      ++purged.kept_days;
      continue;
    }
    if (!count_only) LMSMAIL_RETURN_IF_ERROR(DropDay(day.day, deadline));
    ++purged.dropped_days;
  }
  if (!count_only && purged.kept_days == 0) {
    LMSMAIL_RETURN_IF_ERROR(
        RunInTransaction(pool_, {.name = "dispatch.delete_batches", .deadline = deadline},
                         [&](pqxx::work& tx) -> absl::Status {
                           tx.exec_params("SELECT delete_batches($1)", cutoff);
                           return absl::OkStatus();
                         }));
  }
  return purged;
}

}  // namespace lmsmail::dispatch
