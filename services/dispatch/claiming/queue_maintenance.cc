#include "services/dispatch/claiming/queue_maintenance.h"

#include "libs/status/status_macros.h"

namespace lmsmail::dispatch {

void QueueMaintenance::Start() {
  if (periodic_ != nullptr) return;
  periodic_ = std::make_unique<lifecycle::Periodic>("maintenance", options_.sweep_interval,
                                                    [this] { RunOnce(); });
}

void QueueMaintenance::Stop() {
  if (periodic_ != nullptr) periodic_->Stop();
}

void QueueMaintenance::RunOnce() {
  absl::Status status = Sweep(absl::InfiniteFuture()).status();
  if (status.ok() && clock_.Now() - searched_ >= options_.search_interval) {
    searched_ = clock_.Now();  // even if it fails: a search of a large queue takes long
    status = queue_.FindOverlooked();
  }
  if (status.ok() && clock_.Now() - maintained_ >= options_.maintain_interval) {
    status = queue_.Maintain();
    if (status.ok()) maintained_ = clock_.Now();
  }
  if (!status.ok()) {
    log_.Log(telemetry::Level::kWarning, "queue maintenance failed", {{"error", status}});
  }
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
