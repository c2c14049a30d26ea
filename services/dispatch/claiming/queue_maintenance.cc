#include "services/dispatch/claiming/queue_maintenance.h"

#include <map>

#include "libs/status/status_macros.h"
#include "services/dispatch/message/message_id.h"

namespace lmsmail::dispatch {

void QueueMaintenance::Start() {
  if (sweeping_ != nullptr) return;
  sweeping_ = std::make_unique<lifecycle::Periodic>("maintenance", options_.sweep_interval,
                                                    [this] { RunOnce(); });
  cleaning_ = std::make_unique<lifecycle::Periodic>("clean-up", [this] { return CleanUpOnce(); });
}

void QueueMaintenance::Stop() {
  if (sweeping_ == nullptr) return;
  queue_.InterruptMaintenance();
  sweeping_->Stop();
  cleaning_->Stop();
}

void QueueMaintenance::LogFailure(const absl::Status& status) {
  if (status.ok()) return;
  log_.Log(telemetry::Level::kWarning, "queue maintenance failed", {{"error", status}});
}

void QueueMaintenance::RunOnce() {
  // First, because a sweep that always fails must not leave tomorrow's mail without its partition.
  if (clock_.Now() - partitions_made_ >= options_.maintain_interval) {
    const absl::Status status = queue_.EnsurePartitions(absl::InfiniteFuture());
    if (status.ok()) partitions_made_ = clock_.Now();
    LogFailure(status);
  }
  LogFailure(Sweep(absl::InfiniteFuture()).status());
}

absl::Duration QueueMaintenance::CleanUpOnce() {
  // Even if they fail, the two slow ones are not repeated at once: with a large queue they cost
  // much.
  if (clock_.Now() - searched_ >= options_.search_interval) {
    searched_ = clock_.Now();
    LogFailure(queue_.FindOverlooked());
  }
  if (clock_.Now() - maintained_ >= options_.maintain_interval) {
    maintained_ = clock_.Now();
    LogFailure(queue_.Maintain());
  }
  const absl::StatusOr<bool> keys = queue_.ForgetKeys();
  LogFailure(keys.status());
  bool more = keys.value_or(false);
  if (clock_.Now() - retained_ >= options_.maintain_interval) {
    const absl::StatusOr<bool> content = DropContent();
    LogFailure(content.status());
    if (content.value_or(false)) {
      more = true;
    } else {
      retained_ = clock_.Now();
      LogFailure(DropOutcomes());
    }
  }
  return more ? options_.forget_pause : options_.sweep_interval;
}

absl::StatusOr<bool> QueueMaintenance::DropContent() {
  std::map<Category, absl::Time> before;
  for (const auto& [category, kept] : options_.retention.content) {
    before[category] = clock_.Now() - kept;
  }
  if (before.empty()) return false;
  LMSMAIL_ASSIGN_OR_RETURN(const QueueStore::DroppedContent dropped, queue_.DropContent(before));
  metrics_.content_dropped.Increment(dropped.mails);
  return dropped.more;
}

absl::Status QueueMaintenance::DropOutcomes() {
  if (options_.retention.outcomes == absl::InfiniteDuration()) return absl::OkStatus();
  LMSMAIL_ASSIGN_OR_RETURN(
      const QueueStore::Purged purged,
      queue_.Purge(clock_.Now() - options_.retention.outcomes, false, absl::InfiniteFuture()));
  const int dropped_partitions = purged.dropped_days / kPartitionDays;
  metrics_.log_partitions_dropped.Increment(dropped_partitions);
  if (purged.kept_days > 0) {
    telemetry::LogWarning("mail that still waits keeps old days in the log",
                          {{"days", purged.kept_days}});
  }
  return absl::OkStatus();
}

absl::StatusOr<QueueMaintenance::Swept> QueueMaintenance::Sweep(absl::Time deadline) {
  Swept swept;
  LMSMAIL_ASSIGN_OR_RETURN(swept.recovered, queue_.RecoverExpired(deadline));
  LMSMAIL_ASSIGN_OR_RETURN(swept.promoted, queue_.Promote(deadline));
  if (swept.recovered > 0) {
    telemetry::LogWarning("mail of dead workers was recovered", {{"mails", swept.recovered}});
  }
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<LaneDepth> depths, queue_.Depths(deadline));
  for (const LaneDepth& depth : depths) metrics_.SetDepth(depth, clock_.Now());
  return swept;
}

}  // namespace lmsmail::dispatch
