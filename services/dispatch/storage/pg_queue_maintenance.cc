#include <map>
#include <pqxx/nontransaction>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/session.h"
#include "libs/postgres/sql_error.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/storage/pg_queue_store.h"

// Maintenance, which runs from time to time on any replica.
namespace lmsmail::dispatch {
namespace {

using postgres::RunInTransaction;

constexpr int kMaxPromoted = 5000;
// A step takes 16 ms at the median among 50 million keys: tests/bench/README.md.
constexpr int kMaxForgottenKeys = 5000;
constexpr int kMaxDroppedContents = 2000;
constexpr int kMaxDropAttempts = 5;

// With tens of millions of mails queued, reading the queue takes a minute and more.
constexpr char kSlowSettings[] = "SET statement_timeout = '10min'; SET lock_timeout = '10s'";

struct OldPartition {
  std::int64_t first_day;
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
  return RunSlowly("dispatch.find_overlooked", [&](pqxx::transaction_base& tx) {
    tx.exec("SET enable_indexscan = off; SET enable_indexonlyscan = off");
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
  });
}

absl::Status PgQueueStore::EnsurePartitions(absl::Time deadline) {
  return RunInTransaction(
      pool_,
      {.name = "dispatch.ensure_upcoming_partitions", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::Status {
        tx.exec("SELECT ensure_upcoming_partitions()");
        return absl::OkStatus();
      });
}

absl::StatusOr<bool> PgQueueStore::ForgetKeys() {
  return RunInTransaction(
      pool_, {.name = "dispatch.forget_keys"}, [&](pqxx::work& tx) -> absl::StatusOr<bool> {
        return tx.exec_params1("SELECT forget_keys($1)", kMaxForgottenKeys)[0].as<bool>();
      });
}

absl::StatusOr<QueueStore::DroppedContent> PgQueueStore::DropContent(
    const std::map<Category, absl::Time>& before) {
  postgres::ArrayLiteral categories;
  postgres::ArrayLiteral times;
  for (const auto& [category, time] : before) {
    categories.AddInt(static_cast<int>(category));
    times.AddTime(time);
  }
  return RunInTransaction(
      pool_, {.name = "dispatch.drop_content"},
      [&](pqxx::work& tx) -> absl::StatusOr<DroppedContent> {
        const pqxx::row row = tx.exec_params1(
            "SELECT dropped, more FROM drop_content($1::int2[], $2::timestamptz[], $3)",
            categories.str(), times.str(), kMaxDroppedContents);
        return DroppedContent{.mails = row[0].as<int>(), .more = row[1].as<bool>()};
      });
}

absl::Status PgQueueStore::Maintain() {
  LMSMAIL_RETURN_IF_ERROR(RunSlowly("dispatch.compact_counters", [](pqxx::transaction_base& tx) {
    tx.exec("SELECT compact_counters()");
  }));
  return RunSlowly("dispatch.analyze_queue",
                   [](pqxx::transaction_base& tx) { tx.exec("SELECT analyze_queue()"); });
}

// Runs statements that take longer than the pool's timeout allows. They have a session of their
// own, which ends with them: its settings must not last, and InterruptMaintenance() must hit
// nothing else.
absl::Status PgQueueStore::RunSlowly(std::string_view name,
                                     absl::FunctionRef<void(pqxx::transaction_base&)> body) {
  LMSMAIL_ASSIGN_OR_RETURN(postgres::Pool::Lease lease,
                           pool_.Checkout(absl::Now() + pool_.options().checkout_timeout));
  lease.Discard();
  const int backend = lease->connection().backendpid();
  {
    absl::MutexLock lock(&slow_mutex_);
    if (interrupted_) return absl::CancelledError("maintenance was interrupted");
    slow_backends_.insert(backend);
  }
  absl::Status status;
  try {
    pqxx::nontransaction tx(lease->connection());
    tx.exec(kSlowSettings);
    body(tx);
  } catch (const std::exception& error) {
    status = postgres::ToStatus(name, error);
  }
  absl::MutexLock lock(&slow_mutex_);
  slow_backends_.erase(backend);
  return status;
}

void PgQueueStore::InterruptMaintenance() {
  postgres::ArrayLiteral backends;
  {
    absl::MutexLock lock(&slow_mutex_);
    interrupted_ = true;
    if (slow_backends_.empty()) return;
    for (const int backend : slow_backends_) backends.AddInt(backend);
  }
  // Unlike pg_cancel_backend(), this works between two statements too.
  const absl::Status status = RunInTransaction(
      pool_, {.name = "dispatch.interrupt_maintenance"}, [&](pqxx::work& tx) -> absl::Status {
        tx.exec_params("SELECT pg_terminate_backend(pid) FROM unnest($1::int4[]) pid",
                       backends.str());
        return absl::OkStatus();
      });
  if (!status.ok()) {
    telemetry::LogWarning("maintenance could not be interrupted", {{"error", status}});
  }
}

absl::Status PgQueueStore::DropPartition(const std::string& drop_sql, std::int64_t day,
                                         absl::Time deadline) {
  absl::Status status;
  for (int attempt = 0; attempt < kMaxDropAttempts; ++attempt) {
    // Its lock_timeout is short, because later transactions wait behind it.
    status = RunInTransaction(
        pool_, {.name = "dispatch.drop_partition", .deadline = deadline, .repeatable = true},
        [&](pqxx::work& tx) -> absl::Status {
          tx.exec_params(drop_sql, day);
          return absl::OkStatus();
        });
    if (status.code() != absl::StatusCode::kAborted) return status;
  }
  return status;
}

absl::Status PgQueueStore::DropDays(std::int64_t first_day, absl::Time deadline) {
  LMSMAIL_RETURN_IF_ERROR(
      RunInTransaction(pool_, {.name = "dispatch.delete_partition_records", .deadline = deadline},
                       [&](pqxx::work& tx) -> absl::Status {
                         tx.exec_params("SELECT delete_partition_records($1)", first_day);
                         return absl::OkStatus();
                       }));
  // `message` last: purgeable_partitions finds it, so an interrupted purge is continued.
  for (const char* const drop :
       {"SELECT drop_partition('event', $1)", "SELECT drop_partition('result', $1)",
        "SELECT purge_messages($1)"}) {
    LMSMAIL_RETURN_IF_ERROR(DropPartition(drop, first_day, deadline));
  }
  return absl::OkStatus();
}

absl::StatusOr<QueueStore::Purged> PgQueueStore::Purge(absl::Time before, bool count_only,
                                                       absl::Time deadline) {
  const std::string cutoff = postgres::ToTimestamptz(before);
  LMSMAIL_ASSIGN_OR_RETURN(
      const std::vector<OldPartition> partitions,
      RunInTransaction(
          pool_,
          {.name = "dispatch.purgeable_partitions", .deadline = deadline, .repeatable = true},
          [&](pqxx::work& tx) -> absl::StatusOr<std::vector<OldPartition>> {
            std::vector<OldPartition> found;
            for (const pqxx::row& row : tx.exec_params(
                     "SELECT day, waiting FROM purgeable_partitions($1::timestamptz)", cutoff)) {
              found.push_back({row[0].as<std::int64_t>(), row[1].as<bool>()});
            }
            return found;
          }));
  Purged purged;
  for (const OldPartition& partition : partitions) {
    if (partition.waiting) {
      purged.kept_days += kPartitionDays;
      continue;
    }
    if (!count_only) LMSMAIL_RETURN_IF_ERROR(DropDays(partition.first_day, deadline));
    purged.dropped_days += kPartitionDays;
  }
  return purged;
}

}  // namespace lmsmail::dispatch
