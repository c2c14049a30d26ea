#include "libs/service/audit_retention.h"

#include "absl/time/clock.h"

#include "libs/telemetry/logging.h"

namespace lmsmail::service {
namespace {

constexpr int kEventsPerStep = 1000;
constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr absl::Duration kInterval = absl::Hours(1);
constexpr absl::Duration kPause = absl::Milliseconds(100);  // between steps, for calls

}  // namespace

void AuditRetention::Start() {
  if (!periodic_) periodic_.emplace("audit-retention", [this] { return RunOnce(); });
}

absl::Duration AuditRetention::RunOnce() {
  const absl::StatusOr<int> deleted =
      log_.DeleteBefore(clock_.Now() - retention_, kEventsPerStep, absl::Now() + kTimeout);
  if (!deleted.ok()) {
    telemetry::LogWarning("old audit events are not deleted", {{"error", deleted.status()}});
  }
  return deleted.value_or(0) == kEventsPerStep ? kPause : kInterval;
}

}  // namespace lmsmail::service
