#include "services/dispatch/log/event_recorder.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/transports/reply_classification.h"

namespace lmsmail::dispatch {
namespace {

// Covers nearly every outage of the preference service. A longer period would suppress addresses
// again that somebody removed from the list meanwhile.
constexpr absl::Duration kReplayPeriod = absl::Hours(6);
constexpr absl::Duration kReplayRetry = absl::Seconds(30);

// Whether the report means that no further mail may go to the address.
bool IsAgainstAddress(const AddressReport& report) {
  if (report.event == EventType::kComplained) return true;
  if (report.event) return ProvesAddressDead(report.detail);
  return Classify(Refused{.code = report.reply_code,
                          .enhanced_code = report.enhanced_code,
                          .text = report.detail})
      .address_dead;
}

}  // namespace

absl::StatusOr<MessageLog::EventCounts> EventRecorder::Record(
    absl::Span<const ProviderEvent> events, absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const MessageLog::EventCounts counts,
                           log_.RecordEvents(events, deadline));
  // Duplicates are suppressed again, which is idempotent: after a crash between recording and
  // suppressing, the provider's repeated event suppresses the address.
  for (const ProviderEvent& event : events) {
    if (event.type != EventType::kBounced && event.type != EventType::kComplained) continue;
    const AddressReport report{.message = event.message,
                               .event = event.type,
                               .reply_code = 0,
                               .enhanced_code = {},
                               .detail = event.detail};
    if (!IsAgainstAddress(report)) continue;
    const absl::Status status = Suppress(report, deadline);
    if (!status.ok()) {
      telemetry::LogWarning("the address of a bounce or complaint could not be looked up",
                            {{"message", event.message}, {"error", status}});
    }
  }
  return counts;
}

void EventRecorder::StartReplay(const Clock& clock) {
  if (replay_ != nullptr) return;
  replay_ =
      std::make_unique<lifecycle::Periodic>("replay", [this, since = clock.Now() - kReplayPeriod] {
        return Replay(since).ok() ? absl::InfiniteDuration() : kReplayRetry;
      });
}

void EventRecorder::Stop() {
  if (replay_ != nullptr) replay_->Stop();
}

absl::Status EventRecorder::Replay(absl::Time since) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<AddressReport> reports,
                           log_.AddressReports(since, absl::InfiniteFuture()));
  absl::Status all;
  for (const AddressReport& report : reports) {
    if (!IsAgainstAddress(report)) continue;
    all.Update(Suppress(report, absl::InfiniteFuture()));
  }
  return all;
}

absl::Status EventRecorder::Suppress(const AddressReport& report, absl::Time deadline) {
  const auto record = log_.Get(report.message, deadline);
  if (absl::IsNotFound(record.status())) return absl::OkStatus();
  LMSMAIL_RETURN_IF_ERROR(record.status());
  std::string address;
  if (record->mail.target.kind == Target::Kind::kAddress) {
    address = record->mail.target.value;
  } else {
    const RecipientQuery query{record->mail.target, record->mail.template_ref.category};
    LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Verdict> verdicts,
                             recipients_.Check({query}, deadline));
    if (verdicts.size() != 1)
      return absl::InternalError("the number of verdicts differs from that of queries");
    if (const auto& known = verdicts.front().recipient.address) address = known->ToString();
  }
  if (address.empty()) return absl::OkStatus();
  bounces_.Report(
      std::move(address),
      report.event == EventType::kComplained ? SuppressionCause::kComplained
                                             : SuppressionCause::kBounced,
      report.event ? report.detail : fmt::format("{} {}", report.reply_code, report.enhanced_code));
  return absl::OkStatus();
}

}  // namespace lmsmail::dispatch
