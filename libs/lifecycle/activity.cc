#include "libs/lifecycle/activity.h"

#include <fmt/format.h>

namespace lmsmail::lifecycle {

Activity::~Activity() {
  if (owner_ != nullptr) owner_->Finish(entry_);
}

absl::StatusOr<Activity> Activities::Start(std::string_view label) {
  absl::MutexLock lock(&mutex_);
  if (shutting_down_) return absl::UnavailableError("shutting down");
  auto entry = running_.find(label);
  if (entry == running_.end()) entry = running_.emplace(label, 0).first;
  ++entry->second;
  ++total_;
  return Activity(this, entry);
}

void Activities::Finish(Activity::Running::iterator entry) {
  absl::MutexLock lock(&mutex_);
  --entry->second;
  --total_;
}

void Activities::BeginShutdown() {
  absl::MutexLock lock(&mutex_);
  shutting_down_ = true;
}

bool Activities::shutting_down() const {
  absl::MutexLock lock(&mutex_);
  return shutting_down_;
}

absl::Status Activities::Drain(absl::Duration timeout) {
  BeginShutdown();
  {
    absl::MutexLock lock(&mutex_);
    const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return total_ == 0; };
    if (mutex_.AwaitWithTimeout(absl::Condition(&idle), timeout)) return absl::OkStatus();
  }
  std::string still;
  for (const auto& [label, count] : running()) {
    still += fmt::format("{}{} x {}", still.empty() ? "" : ", ", count, label);
  }
  return absl::DeadlineExceededError(fmt::format("still running: {}", still));
}

std::vector<std::pair<std::string, int64_t>> Activities::running() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::pair<std::string, int64_t>> running;
  for (const auto& [label, count] : running_) {
    if (count > 0) running.emplace_back(label, count);
  }
  return running;
}

}  // namespace lmsmail::lifecycle
