#include "services/gateway/webhooks/mailgun_events.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "services/gateway/webhooks/event_fields.h"
#include "services/gateway/webhooks/event_json.h"

namespace lmsmail::gateway {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, EventType>, 8> kTypes = {
    {{"accepted", EventType::kQueued},
     {"rejected", EventType::kRejected},
     {"delivered", EventType::kDelivered},
     {"failed", EventType::kBounced},
     {"opened", EventType::kOpened},
     {"clicked", EventType::kClicked},
     {"unsubscribed", EventType::kUnsubscribed},
     {"complained", EventType::kComplained}}};

constexpr std::array<std::pair<std::string_view, RejectReason>, 3> kReasons = {
    {{"bounce", RejectReason::kBounced},
     {"suppress-bounce", RejectReason::kBounced},
     {"generic", RejectReason::kOther}}};

EventType TypeOf(const json& event, const std::string& name) {
  const EventType type = FindName(kTypes, name, EventType::kUnknown);
  const bool temporary = TextMember(event, "severity", 20) == "temporary";
  return type == EventType::kBounced && temporary ? EventType::kDeferred : type;
}

RejectReason ReasonOf(const json& event, EventType type) {
  const json& reason = Member(event, "reason");
  if (!reason.is_null()) {
    return FindName(kReasons, TextMember(event, "reason", kMaxEventDetail), RejectReason::kOther);
  }
  return type == EventType::kRejected ? RejectReason::kOther : RejectReason::kNone;
}

// "550 5.1.1 no such user"
std::string ReplyOf(const json& event) {
  const json& status = Member(event, "delivery-status");
  std::string text = TextMember(status, "message", kMaxEventDetail);
  if (text.empty()) text = TextMember(status, "description", kMaxEventDetail);
  const std::string enhanced = TextMember(status, "enhanced-code", 20);
  const json& code = Member(status, "code");
  // Codes from 600 on are Mailgun's own and mean that it did not try.
  const bool smtp = code.is_number_integer() && code > 0 && code < 600;
  if (smtp) {
    const std::string digits = std::to_string(code.get<int>());
    if (!text.starts_with(digits)) text = fmt::format("{} {}", digits, text);
  }
  return WithEnhancedCode(text, enhanced);
}

std::string DetailOf(const json& event, EventType type) {
  switch (type) {
    case EventType::kRejected:
      return TextMember(Member(event, "reject"), "reason", kMaxEventDetail);
    case EventType::kClicked:
      return SiteOf(TextMember(event, "url", kMaxUrl));
    case EventType::kBounced:
    case EventType::kDeferred:
    case EventType::kDelivered:
      return ReplyOf(event);
    default:
      return "";
  }
}

std::optional<ProviderEvent> ParseEvent(const json& event, const std::string& token) {
  const json& name = Member(event, "event");
  if (!name.is_string()) return std::nullopt;
  ProviderEvent parsed;
  parsed.type = TypeOf(event, name.get_ref<const std::string&>());
  if (!ReadMessageId(Member(event, "user-variables"), parsed)) return std::nullopt;
  parsed.event_id = token;
  parsed.recipient = TextMember(event, "recipient", kMaxAddress);
  parsed.time = TimeMember(event, "timestamp");
  const bool tracking = parsed.type == EventType::kOpened || parsed.type == EventType::kClicked;
  parsed.machine =
      tracking && TextMember(Member(event, "client-info"), "client-type", 20) == "robot";
  parsed.reject_reason = ReasonOf(event, parsed.type);
  parsed.detail = CleanText(DetailOf(event, parsed.type), kMaxEventDetail);
  return parsed;
}

}  // namespace

std::optional<MailgunWebhook> ParseMailgunWebhook(std::string_view body) {
  const std::optional<json> parsed = ParseJson(body);
  if (!parsed) return std::nullopt;
  const json& signature = Member(*parsed, "signature");
  MailgunWebhook webhook;
  webhook.token = TextMember(signature, "token", kMaxEventId + 1);
  webhook.timestamp = TextMember(signature, "timestamp", 30);
  webhook.signature = TextMember(signature, "signature", 100);
  if (!IsId(webhook.token, kMaxEventId) || webhook.timestamp.empty() || webhook.signature.empty()) {
    return std::nullopt;
  }
  const json& event = Member(*parsed, "event-data");
  webhook.event_digest = DerivedId(event);
  if (std::optional<ProviderEvent> read = ParseEvent(event, webhook.token)) {
    webhook.events.events.push_back(*std::move(read));
  } else {
    webhook.events.malformed = 1;
  }
  return webhook;
}

}  // namespace lmsmail::gateway
