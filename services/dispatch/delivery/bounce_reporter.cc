#include "services/dispatch/delivery/bounce_reporter.h"

#include <utility>

#include "libs/status/transient.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::size_t kMaxPending = 10'000;
constexpr absl::Duration kRetry = absl::Seconds(5);

}  // namespace

BounceReporter::BounceReporter(SuppressionList& list)
    : list_(list), periodic_("bounces", [this] { return Drain(); }) {}

void BounceReporter::Report(std::string email_address, SuppressionCause cause, std::string detail) {
  {
    absl::MutexLock lock(&mutex_);
    if (pending_.size() >= kMaxPending) return;
    pending_.push_back({std::move(email_address), cause, std::move(detail)});
  }
  periodic_.Wake();
}

absl::Duration BounceReporter::Drain() {
  while (true) {
    Entry entry;
    {
      absl::MutexLock lock(&mutex_);
      if (pending_.empty()) return absl::InfiniteDuration();
      entry = pending_.front();
    }
    const absl::Status status = list_.Add(entry.email_address, entry.cause, entry.detail);
    if (IsTransient(status)) return kRetry;
    if (!status.ok()) {
      telemetry::LogWarning("an address could not be suppressed", {{"error", status}});
    }
    absl::MutexLock lock(&mutex_);
    pending_.pop_front();
  }
}

}  // namespace lmsmail::dispatch
