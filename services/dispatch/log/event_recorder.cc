#include "services/dispatch/log/event_recorder.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/transports/reply_classification.h"

namespace lmsmail::dispatch {

absl::StatusOr<MessageLog::EventCounts> EventRecorder::Record(
    absl::Span<const ProviderEvent> events) {
  LMSMAIL_ASSIGN_OR_RETURN(const MessageLog::EventCounts counts, log_.RecordEvents(events));
  // Repeated events suppress again, which changes nothing; so a crash between the two is mended by
  // the provider's repetition.
  for (const ProviderEvent& event : events) {
    if (event.type != kEventBounced && event.type != kEventComplained) continue;
    const absl::Status status = Suppress({.message = event.message,
                                          .event = event.type,
                                          .reply_code = 0,
                                          .enhanced_code = {},
                                          .detail = event.detail});
    if (!status.ok()) {
      telemetry::LogWarning("an address that bounced or complained could not be looked up",
                            {{"message", event.message}, {"error", status}});
    }
  }
  return counts;
}

absl::Status EventRecorder::ReportAgain(absl::Time since) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<AddressReport> reports, log_.AddressReports(since));
  absl::Status all;
  for (const AddressReport& report : reports) {
    if (report.event == 0 && !ProvesAddressDead(report.enhanced_code)) continue;
    all.Update(Suppress(report));
  }
  return all;
}

absl::Status EventRecorder::Suppress(const AddressReport& report) {
  const auto record = log_.Get(report.message);
  if (absl::IsNotFound(record.status())) return absl::OkStatus();
  LMSMAIL_RETURN_IF_ERROR(record.status());
  std::string address;
  if (record->mail.target.kind == Target::Kind::kAddress) {
    address = record->mail.target.value;
  } else {
    const RecipientQuery query{record->mail.target, record->mail.template_ref.category};
    LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Verdict> verdicts, recipients_.Check({query}));
    if (verdicts.size() != 1) return absl::InternalError("another number of verdicts came back");
    address = verdicts.front().recipient.email_address;
  }
  if (address.empty()) return absl::OkStatus();
  bounces_.Report(
      std::move(address),
      report.event == kEventComplained ? SuppressionCause::kComplained : SuppressionCause::kBounced,
      report.event == 0 ? fmt::format("{} {}", report.reply_code, report.enhanced_code)
                        : report.detail);
  return absl::OkStatus();
}

}  // namespace lmsmail::dispatch
