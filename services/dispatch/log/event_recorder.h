#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/dispatch/delivery/bounce_reporter.h"
#include "services/dispatch/message/recipient_check.h"
#include "services/dispatch/storage/message_log.h"

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

  // Reports what the log holds against addresses since then, for the process before may have died
  // with reports that the suppression list did not have yet. Most are known there, which changes
  // nothing. UNAVAILABLE when some could not be looked up: try again.
  absl::Status ReportAgain(absl::Time since);

 private:
  // Puts the address of the report's mail on the list.
  absl::Status Suppress(const AddressReport& report);

  MessageLog& log_;
  RecipientCheck& recipients_;
  BounceReporter& bounces_;
};

}  // namespace lmsmail::dispatch
