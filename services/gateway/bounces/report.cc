#include "services/gateway/bounces/report.h"

#include <algorithm>

#include "services/gateway/bounces/classic_bounces.h"
#include "services/gateway/webhooks/event_fields.h"

namespace lmsmail::gateway {
namespace {

const MimePart* FindPart(const MimeMessage& message, auto is_type) {
  const auto found = std::ranges::find_if(
      message.parts, [&](const MimePart& part) { return is_type(std::string_view(part.type)); });
  return found == message.parts.end() ? nullptr : &*found;
}

bool IsDeliveryStatus(std::string_view type) {
  return type == "message/delivery-status" || type == "message/global-delivery-status";
}

bool IsFeedback(std::string_view type) { return type == "message/feedback-report"; }

// The mail that a report returns, or its header.
bool IsReturnedMail(std::string_view type) {
  return type == "message/rfc822" || type == "message/global" || type == "message/global-headers" ||
         type == "text/rfc822-headers" || type == "message/rfc822-headers";
}

bool IsText(std::string_view type) { return type == "text/plain"; }

Fields FirstGroup(std::string_view text) {
  std::vector<Fields> groups = ParseFieldGroups(text);
  return groups.empty() ? Fields() : std::move(groups.front());
}

Report ReadFeedback(const MimeMessage& message, const MimePart& part) {
  Report report{.kind = Report::Kind::kFeedback};
  const Fields feedback = FirstGroup(part.content);
  report.feedback_type = Lower(std::string(FieldOf(feedback, "feedback-type")));
  report.return_paths.push_back(ReportedAddress(FieldOf(feedback, "original-mail-from")));
  if (const MimePart* const returned = FindPart(message, IsReturnedMail)) {
    const Fields header = FirstGroup(returned->content);
    report.return_paths.push_back(ReportedAddress(FieldOf(header, "return-path")));
    report.message_id = FieldOf(header, "message-id");
  }
  return report;
}

bool IsAutoReply(const Fields& header) {
  const std::string automatic = Lower(std::string(FieldOf(header, "auto-submitted")));
  if (!automatic.empty() && !automatic.starts_with("no")) return true;
  const std::string precedence = Lower(std::string(FieldOf(header, "precedence")));
  return precedence == "auto_reply" || !FieldOf(header, "x-autoreply").empty() ||
         !FieldOf(header, "x-autorespond").empty();
}

}  // namespace

std::string_view NameOf(Report::Kind kind) {
  switch (kind) {
    case Report::Kind::kDelivery:
      return "delivery";
    case Report::Kind::kClassic:
      return "classic";
    case Report::Kind::kFeedback:
      return "feedback";
    case Report::Kind::kAutoReply:
      return "auto_reply";
    case Report::Kind::kUnknown:
      return "unknown";
  }
  return "unknown";
}

Report ReadReport(std::string_view text) {
  const std::optional<MimeMessage> message = ParseMimeMessage(text);
  if (!message) return {};
  // A report itself is usually Auto-Submitted, so it comes first.
  if (const MimePart* const part = FindPart(*message, IsDeliveryStatus)) {
    return {.kind = Report::Kind::kDelivery, .recipients = ParseDeliveryStatus(part->content)};
  }
  if (const MimePart* const part = FindPart(*message, IsFeedback)) {
    return ReadFeedback(*message, *part);
  }
  if (const MimePart* const part = FindPart(*message, IsText)) {
    std::vector<RecipientStatus> failed = ParseClassicBounce(message->header, part->content);
    if (!failed.empty()) return {.kind = Report::Kind::kClassic, .recipients = std::move(failed)};
  }
  return {.kind = IsAutoReply(message->header) ? Report::Kind::kAutoReply : Report::Kind::kUnknown};
}

}  // namespace lmsmail::gateway
