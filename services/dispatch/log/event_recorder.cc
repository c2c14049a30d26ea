#include "services/dispatch/log/event_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "libs/category/category.h"
#include "libs/status/status_macros.h"
#include "libs/status/transient.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/transports/reply_classification.h"

namespace lmsmail::dispatch {
namespace {

// Covers nearly every outage of the preference service. A longer period would suppress addresses
// again that somebody removed from the list meanwhile.
constexpr absl::Duration kReplayPeriod = absl::Hours(6);
constexpr absl::Duration kReplayRetry = absl::Seconds(30);

constexpr std::string_view kAtOtherAddress = "at another address: ";

// Whether the report means that no further mail may go to the address.
bool IsAgainstAddress(const AddressReport& report) {
  if (report.event == EventType::kComplained) return true;
  if (report.event) {
    return !report.detail.starts_with(kAtOtherAddress) && ProvesAddressDead(report.detail);
  }
  return Classify(Refused{.code = report.reply_code,
                          .enhanced_code = report.enhanced_code,
                          .text = report.detail})
      .address_dead;
}

bool IsTracking(const ProviderEvent& event) {
  return event.type == EventType::kOpened || event.type == EventType::kClicked;
}

bool MayHaveArrived(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::kSent || outcome.kind == Outcome::Kind::kUncertain ||
         outcome.reason == Reason::kConnectionLostAfterData;
}

// The hashes of the addresses that `report` may concern. A refusal belongs to one attempt. An event
// may belong to any attempt that may have arrived: a mail may have been sent again to the address
// that its recipient got meanwhile.
std::vector<std::string> HashesOf(const AddressReport& report, const History& history) {
  std::vector<std::string> hashes;
  const auto add = [&](const std::string& hash) {
    if (!hash.empty()) hashes.push_back(hash);
  };
  if (!report.event) {
    add(report.address_hash);
    return hashes;
  }
  for (const RecordedOutcome& recorded : history.outcomes) {
    // A bounce resolves an UNCERTAIN mail to FAILED.
    const bool bounced = recorded.outcome.reason == Reason::kBounced;
    if (bounced || MayHaveArrived(recorded.outcome)) add(recorded.outcome.address_hash);
  }
  return hashes;
}

}  // namespace

std::string AtOtherAddress(std::string_view detail) {
  return fmt::format("{}{}", kAtOtherAddress, detail);
}

absl::StatusOr<MessageLog::EventCounts> EventRecorder::Record(
    absl::Span<const ProviderEvent> events, absl::Time deadline) {
  absl::Status outage;
  // Consent is withdrawn before the event is recorded, so that what an outage prevents is done when
  // the caller repeats the event.
  std::vector<ProviderEvent> ready(events.begin(), events.end());
  std::erase_if(ready, [&](const ProviderEvent& event) {
    if (event.type != EventType::kUnsubscribed) return false;
    const absl::Status status = WithdrawConsent(event, deadline);
    if (!IsTransient(status)) return false;
    outage.Update(status);
    return true;
  });
  const absl::StatusOr<int> opted_out = LeaveOutOptedOut(ready, deadline);
  if (!opted_out.ok()) {
    outage.Update(opted_out.status());
    std::erase_if(ready, IsTracking);
  }
  MessageLog::EventCounts counts;
  if (!ready.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(counts, log_.RecordEvents(ready, deadline));
  }
  counts.opted_out = opted_out.value_or(0);
  // Duplicates are suppressed again, which is idempotent: after a crash or an outage between
  // recording and suppressing, the caller's repeated event suppresses the address.
  for (const ProviderEvent& event : events) {
    if (event.type != EventType::kBounced && event.type != EventType::kComplained) continue;
    const AddressReport report{.message = event.message,
                               .event = event.type,
                               .reply_code = 0,
                               .enhanced_code = {},
                               .detail = event.detail,
                               .address_hash = {}};
    if (!IsAgainstAddress(report)) continue;
    const absl::Status status = Suppress(report, deadline);
    if (!status.ok()) {
      telemetry::LogWarning("the address of a bounce or complaint could not be looked up",
                            {{"message", event.message}, {"error", status}});
    }
    if (IsTransient(status)) outage.Update(status);
  }
  LMSMAIL_RETURN_IF_ERROR(outage);
  return counts;
}

absl::StatusOr<int> EventRecorder::LeaveOutOptedOut(std::vector<ProviderEvent>& events,
                                                    absl::Time deadline) {
  std::vector<MessageId> ids;
  for (const ProviderEvent& event : events) {
    if (IsTracking(event)) ids.push_back(event.message);
  }
  if (ids.empty()) return 0;
  LMSMAIL_ASSIGN_OR_RETURN(const auto targets, log_.Targets(ids, deadline));
  std::vector<std::string> recipients;
  for (const auto& [id, target] : targets) {
    if (target.kind == Target::Kind::kRecipient) recipients.push_back(target.value);
  }
  std::vector<bool> answers;
  if (!recipients.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(answers, tracking_.TrackingAllowed(recipients, deadline));
  }
  // In the order of `targets`. An address without a recipient could not be asked.
  std::set<MessageId> refused;
  auto answer = answers.begin();
  for (const auto& [id, target] : targets) {
    const bool allowed = target.kind == Target::Kind::kRecipient && *answer++;
    if (!allowed) refused.insert(id);
  }
  return static_cast<int>(std::erase_if(events, [&](const ProviderEvent& event) {
    return IsTracking(event) && refused.contains(event.message);
  }));
}

absl::Status EventRecorder::WithdrawConsent(const ProviderEvent& event, absl::Time deadline) {
  const absl::StatusOr<History> history = log_.Explain(event.message, deadline);
  if (!history.ok()) return history.status();
  const bool recorded = std::ranges::any_of(history->events, [&](const History::Event& known) {
    return known.event_id == event.event_id;
  });
  const Mail& mail = history->record.mail;
  const Category category = mail.template_ref.category;
  // A bare address has consented to nothing, so it gets no optional mail.
  const bool has_consent =
      mail.target.kind == Target::Kind::kRecipient && !PolicyOf(category).mandatory;
  if (recorded || !has_consent) return absl::OkStatus();
  const absl::Status status = consent_.Withdraw(mail.target.value, category, deadline);
  if (!status.ok()) {
    telemetry::LogWarning("consent that was withdrawn at a provider is not recorded",
                          {{"message", event.message}, {"error", status}});
  }
  return status;
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

absl::StatusOr<std::string> EventRecorder::AddressOf(const AddressReport& report,
                                                     const History& history, absl::Time deadline) {
  const Mail& mail = history.record.mail;
  if (mail.target.kind == Target::Kind::kAddress) return mail.target.value;
  const RecipientQuery query{mail.target, mail.template_ref.category};
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Verdict> verdicts,
                           recipients_.Check({query}, deadline));
  if (verdicts.size() != 1)
    return absl::InternalError("the number of verdicts differs from that of queries");
  const std::optional<address::EmailAddress>& known = verdicts.front().recipient.address;
  if (!known) return "";
  const std::vector<std::string> hashes = HashesOf(report, history);
  const bool went_there =
      !hashes.empty() && std::ranges::all_of(hashes, [&](const std::string& hash) {
        return address_hashes_.Matches(hash, mail.id, *known);
      });
  if (went_there) return known->ToString();
  telemetry::LogInfo(
      hashes.empty()
          ? "nothing is suppressed: the log does not know which address the mail went to"
          : "nothing is suppressed: the recipient's address is not the one that the mail went to",
      {{"message", mail.id}});
  return "";
}

absl::Status EventRecorder::Suppress(const AddressReport& report, absl::Time deadline) {
  const absl::StatusOr<History> history = log_.Explain(report.message, deadline);
  if (absl::IsNotFound(history.status())) return absl::OkStatus();
  LMSMAIL_RETURN_IF_ERROR(history.status());
  LMSMAIL_ASSIGN_OR_RETURN(std::string address, AddressOf(report, *history, deadline));
  if (address.empty()) return absl::OkStatus();
  bounces_.Report(
      std::move(address),
      report.event == EventType::kComplained ? SuppressionCause::kComplained
                                             : SuppressionCause::kBounced,
      report.event ? report.detail : fmt::format("{} {}", report.reply_code, report.enhanced_code));
  return absl::OkStatus();
}

}  // namespace lmsmail::dispatch
