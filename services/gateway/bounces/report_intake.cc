#include "services/gateway/bounces/report_intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "libs/hash/sha256.h"
#include "libs/resource_name/numeric_id.h"
#include "libs/status/status_macros.h"
#include "services/gateway/webhooks/event_json.h"

namespace lmsmail::gateway {
namespace {

using return_path::ReturnPath;
using Action = RecipientStatus::Action;
using Outcome = ReportIntake::Result::Outcome;

constexpr std::size_t kMaxMessageId = 500;

bool IsAbout(const RecipientStatus& recipient, const ReturnPath& path) {
  return std::ranges::any_of(recipient.addresses, [&](const std::string& text) {
    const auto address = address::ParseEmailAddress(text);
    return address.ok() && path.WentTo(*address);
  });
}

// What a report says about the mail's recipient.
struct Finding {
  const RecipientStatus* recipient = nullptr;  // null: nothing
  bool named = false;                          // by the address that the mail went to
};

// A mail has one recipient, but a report may have several: those it was forwarded to. Where none of
// them is ours, they count if they agree: a mail that arrived at one of two did not bounce.
Finding Find(const std::vector<RecipientStatus>& recipients, const ReturnPath& path) {
  Finding finding;
  for (const RecipientStatus& recipient : recipients) {
    if (!IsAbout(recipient, path)) continue;
    const bool worse = finding.recipient == nullptr || recipient.action == Action::kFailed;
    if (worse) finding = {&recipient, true};
  }
  if (finding.recipient != nullptr || recipients.empty()) return finding;
  const bool agree = std::ranges::all_of(recipients, [&](const RecipientStatus& it) {
    return it.action == recipients.front().action;
  });
  return {agree ? &recipients.front() : nullptr, false};
}

EventType TypeOf(Action action) {
  switch (action) {
    case Action::kFailed:
      return EventType::kBounced;
    case Action::kDelayed:
      return EventType::kDeferred;
    case Action::kDelivered:
      return EventType::kDelivered;
    case Action::kUnknown:
      break;
  }
  return EventType::kUnknown;
}

// The types of RFC 5965 section 7.3 and 3.1. "virus" and "other" are mostly the judgement of
// programs, "not-spam" is praise, and "auth-failure" (RFC 6591) concerns the operator. "opt-out"
// was a type of the drafts and is still sent.
EventType TypeOfFeedback(std::string_view type) {
  if (type == "abuse" || type == "fraud") return EventType::kComplained;
  if (type == "opt-out" || type == "opt-out-list") return EventType::kUnsubscribed;
  return EventType::kUnknown;
}

std::optional<ProviderEvent> DeliveryEvent(const Report& report, const ReturnPath& path) {
  const Finding finding = Find(report.recipients, path);
  if (finding.recipient == nullptr) return std::nullopt;
  // A text in prose is about our mail only if it names the address.
  if (report.kind == Report::Kind::kClassic && !finding.named) return std::nullopt;
  ProviderEvent event;
  event.type = TypeOf(finding.recipient->action);
  event.detail = finding.recipient->detail;
  event.at_other_address = event.type == EventType::kBounced && !finding.named;
  return event;
}

std::optional<ProviderEvent> EventOf(const Report& report, const std::optional<ReturnPath>& path) {
  std::optional<ProviderEvent> event;
  switch (report.kind) {
    case Report::Kind::kDelivery:
    case Report::Kind::kClassic:
      if (path) event = DeliveryEvent(report, *path);
      break;
    case Report::Kind::kFeedback:
      event.emplace();
      event->type = TypeOfFeedback(report.feedback_type);
      event->detail = fmt::format("feedback type {}", CleanText(report.feedback_type, 40));
      break;
    case Report::Kind::kAutoReply:
    case Report::Kind::kUnknown:
      break;
  }
  if (event && event->type == EventType::kUnknown) return std::nullopt;
  return event;
}

std::string IdOf(const ReturnPath& path) { return resource_name::EncodeId(path.mail); }

}  // namespace

absl::StatusOr<ReportIntake::Result> ReportIntake::Accept(std::string_view recipient,
                                                          std::string_view message) {
  const std::optional<ReturnPath> path = return_paths_.Parse(recipient);
  if (!path && return_path::HasForm(recipient)) return Result{.outcome = Outcome::kForged};
  if (path && limit_.IsReached(IdOf(*path))) return Result{.outcome = Outcome::kLimited};
  const Report report = ReadReport(message);
  Result result{.kind = report.kind};
  LMSMAIL_ASSIGN_OR_RETURN(result.outcome, Judge(report, path));
  // The limit is for the work of reading, too, whatever was found.
  if (path) limit_.Count(IdOf(*path));
  return result;
}

absl::StatusOr<Outcome> ReportIntake::Judge(const Report& report, std::optional<ReturnPath> path) {
  if (report.kind == Report::Kind::kAutoReply || report.kind == Report::Kind::kUnknown) {
    return Outcome::kIgnored;
  }
  const bool was_addressed = path.has_value();
  for (const std::string& text : report.return_paths) {
    if (!path) path = return_paths_.Parse(text);
  }
  if (!path && !IsId(report.message_id, kMaxMessageId)) return Outcome::kUnassigned;
  std::optional<ProviderEvent> event = EventOf(report, path);
  if (!event) return Outcome::kIgnored;
  const std::string mail = path ? IdOf(*path) : hash::Sha256Hex(report.message_id);
  if (path) {
    event->message = fmt::format("messages/{}", mail);
  } else {
    event->message_id = report.message_id;
  }
  // One event of each type is recorded for each mail, however many reports there are.
  event->event_id = fmt::format("report-{}-{}", NameOf(event->type), mail);
  if (was_addressed) return RecordEvent(*std::move(event));
  if (limit_.IsReached(mail)) return Outcome::kLimited;
  const absl::StatusOr<Outcome> outcome = RecordEvent(*std::move(event));
  if (outcome.ok()) limit_.Count(mail);
  return outcome;
}

absl::StatusOr<Outcome> ReportIntake::RecordEvent(ProviderEvent event) {
  LMSMAIL_ASSIGN_OR_RETURN(const EventLog::Counts counts, events_.Record({&event, 1}));
  if (counts.unknown > 0) return Outcome::kUnknown;
  return counts.duplicate > 0 ? Outcome::kDuplicate : Outcome::kRecorded;
}

std::string_view NameOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kRecorded:
      return "recorded";
    case Outcome::kDuplicate:
      return "duplicate";
    case Outcome::kUnknown:
      return "unknown";
    case Outcome::kIgnored:
      return "ignored";
    case Outcome::kForged:
      return "forged";
    case Outcome::kUnassigned:
      return "unassigned";
    case Outcome::kLimited:
      return "limited";
  }
  return "unknown";
}

}  // namespace lmsmail::gateway
