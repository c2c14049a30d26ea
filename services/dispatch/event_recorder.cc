#include "services/dispatch/event_recorder.h"

#include <utility>

#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::dispatch {

absl::StatusOr<MessageLog::EventCounts> EventRecorder::Record(
    absl::Span<const ProviderEvent> events) {
  LMSMAIL_ASSIGN_OR_RETURN(const MessageLog::EventCounts counts, log_.RecordEvents(events));
  // Repeated events suppress again, which changes nothing; so a crash between the two is mended by
  // the provider's repetition.
  for (const ProviderEvent& event : events) {
    if (event.type == kEventBounced || event.type == kEventComplained) Suppress(event);
  }
  return counts;
}

void EventRecorder::Suppress(const ProviderEvent& event) {
  const auto record = log_.Get(event.message);
  if (!record.ok()) return;
  std::string address;
  if (record->mail.target.kind == Target::Kind::kAddress) {
    address = record->mail.target.value;
  } else {
    const RecipientQuery query{record->mail.target, record->mail.template_ref.category};
    const auto verdicts = recipients_.Check({query});
    if (!verdicts.ok() || verdicts->size() != 1) {
      telemetry::LogWarning("an address that bounced or complained could not be looked up",
                            {{"message", event.message}, {"error", verdicts.status()}});
      return;
    }
    address = verdicts->front().recipient.email_address;
  }
  if (address.empty()) return;
  bounces_.Report(
      std::move(address),
      event.type == kEventComplained ? SuppressionCause::kComplained : SuppressionCause::kBounced,
      event.detail);
}

}  // namespace lmsmail::dispatch
