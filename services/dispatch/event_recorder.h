#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "services/dispatch/delivery/bounce_reporter.h"
#include "services/dispatch/message_log.h"
#include "services/dispatch/recipient_check.h"

namespace lmsmail::dispatch {

// What a provider's event says about an address. Numbers as in
// lmsmail.dispatch.v1.ProviderEvent.Type.
inline constexpr std::int16_t kEventBounced = 2;
inline constexpr std::int16_t kEventComplained = 6;

// Records providers' reports, and puts addresses that bounced or complained on the suppression
// list. Thread-safe.
class EventRecorder {
 public:
  // All must outlive this.
  EventRecorder(MessageLog& log, RecipientCheck& recipients, BounceReporter& bounces)
      : log_(log), recipients_(recipients), bounces_(bounces) {}

  absl::StatusOr<MessageLog::EventCounts> Record(absl::Span<const ProviderEvent> events);

 private:
  void Suppress(const ProviderEvent& event);

  MessageLog& log_;
  RecipientCheck& recipients_;
  BounceReporter& bounces_;
};

}  // namespace lmsmail::dispatch
