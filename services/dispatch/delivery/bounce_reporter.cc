#include "services/dispatch/delivery/bounce_reporter.h"

#include <utility>

#include "libs/telemetry/logging.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::size_t kMaxWaiting = 10'000;
constexpr absl::Duration kRetry = absl::Seconds(5);

}  // namespace

BounceReporter::BounceReporter(SuppressionList& list)
    : list_(list), periodic_("bounces", [this] { return Drain(); }) {}

void BounceReporter::Report(std::string email_address, SuppressionCause cause, std::string detail) {
  {
    absl::MutexLock lock(&mutex_);
    if (waiting_.size() >= kMaxWaiting) return;
    waiting_.push_back({std::move(email_address), cause, std::move(detail)});
  }
  periodic_.Wake();
}

absl::Duration BounceReporter::Drain() {
  while (true) {
    Entry entry;
    {
      absl::MutexLock lock(&mutex_);
      if (waiting_.empty()) return absl::InfiniteDuration();
      entry = waiting_.front();
    }
    const absl::Status status = list_.Add(entry.email_address, entry.cause, entry.detail);
    if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) return kRetry;
    if (!status.ok()) {
      telemetry::LogWarning("an address could not be suppressed", {{"error", status}});
    }
    absl::MutexLock lock(&mutex_);
    waiting_.pop_front();
  }
}

}  // namespace lmsmail::dispatch
