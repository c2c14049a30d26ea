#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "services/gateway/webhooks/provider_event.h"

namespace lmsmail::gateway {

// Keeps what it is given, unless `status` is an error. Not thread-safe.
class FakeEventLog final : public EventLog {
 public:
  absl::StatusOr<Counts> Record(absl::Span<const ProviderEvent> given) override {
    if (!status.ok()) return status;
    events.insert(events.end(), given.begin(), given.end());
    return Counts{.recorded = static_cast<int>(given.size())};
  }
  absl::Status status;
  std::vector<ProviderEvent> events;
};

}  // namespace lmsmail::gateway
