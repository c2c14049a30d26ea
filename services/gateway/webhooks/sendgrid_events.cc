#include "services/gateway/webhooks/sendgrid_events.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"

#include "services/gateway/webhooks/event_fields.h"
#include "services/gateway/webhooks/event_json.h"

namespace lmsmail::gateway {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, EventType>, 11> kTypes = {
    {{"processed", EventType::kQueued},
     {"deferred", EventType::kDeferred},
     {"delivered", EventType::kDelivered},
     {"bounce", EventType::kBounced},
     {"dropped", EventType::kRejected},
     {"open", EventType::kOpened},
     {"click", EventType::kClicked},
     {"spamreport", EventType::kComplained},
     {"unsubscribe", EventType::kUnsubscribed},
     {"group_unsubscribe", EventType::kUnsubscribed},
     {"group_resubscribe", EventType::kSubscribed}}};

constexpr std::array<std::pair<std::string_view, RejectReason>, 6> kReasons = {
    {{"invalid", RejectReason::kInvalid},
     {"unsubscribed address", RejectReason::kUnsubscribed},
     {"bounce", RejectReason::kBounced},
     {"bounced address", RejectReason::kBounced},
     {"blocked", RejectReason::kBlocked},
     {"expired", RejectReason::kTimedOut}}};

// Whether SendGrid holds the address for good: it calls all other refusals blocks.
bool IsBlock(const json& event) {
  const std::string classification = TextMember(event, "bounce_classification", 40);
  const bool about_address = classification.empty() || classification == "Invalid Address" ||
                             classification == "Mailbox Unavailable" ||
                             classification == "Unclassified";
  return !about_address || TextMember(event, "type", 20) == "blocked";
}

// The reply of the receiving server with the enhanced code that SendGrid reports beside it: they
// decide whether the address is dead. Without a code SendGrid's own judgement does.
std::string BounceDetail(const json& event) {
  std::string reply = WithEnhancedCode(TextMember(event, "reason", kMaxEventDetail),
                                       TextMember(event, "status", 20));
  const bool has_code = !reply.empty() && absl::ascii_isdigit(static_cast<unsigned char>(reply[0]));
  if (has_code) return reply;
  if (reply.empty()) reply = TextMember(event, "bounce_classification", 40);
  return IsBlock(event) ? "blocked: " + reply : reply;
}

std::string DetailOf(const json& event, EventType type) {
  switch (type) {
    case EventType::kBounced:
      return BounceDetail(event);
    case EventType::kRejected:
      return TextMember(event, "reason", kMaxEventDetail);
    case EventType::kDeferred:
    case EventType::kDelivered:
      return TextMember(event, "response", kMaxEventDetail);
    case EventType::kClicked:
      return SiteOf(TextMember(event, "url", kMaxUrl));
    default:
      return "";
  }
}

std::optional<ProviderEvent> ParseEvent(const json& event) {
  const json& name = Member(event, "event");
  if (!name.is_string()) return std::nullopt;
  ProviderEvent parsed;
  parsed.type = FindName(kTypes, name.get_ref<const std::string&>(), EventType::kUnknown);
  if (!ReadMessageId(event, parsed)) return std::nullopt;
  parsed.event_id = TextMember(event, "sg_event_id", kMaxEventId + 1);
  if (!IsId(parsed.event_id, kMaxEventId)) parsed.event_id = DerivedId(event);
  parsed.recipient = TextMember(event, "email", kMaxAddress);
  parsed.time = TimeMember(event, "timestamp");
  const json& machine = Member(event, "sg_machine_open");
  parsed.machine = parsed.type == EventType::kOpened && machine.is_boolean() && machine.get<bool>();
  parsed.detail = CleanText(DetailOf(event, parsed.type), kMaxEventDetail);
  if (parsed.type == EventType::kRejected) {
    const char* const member = Member(event, "type").is_null() ? "reason" : "type";
    parsed.reject_reason =
        FindName(kReasons, Lower(TextMember(event, member, kMaxEventDetail)), RejectReason::kOther);
  }
  return parsed;
}

}  // namespace

std::optional<ProviderEvents> ParseSendgridEvents(std::string_view body) {
  const auto elements = ParseJsonArray(body);
  if (!elements) return std::nullopt;
  ProviderEvents parsed;
  for (const std::optional<json>& element : *elements) {
    std::optional<ProviderEvent> event = element ? ParseEvent(*element) : std::nullopt;
    if (event) {
      parsed.events.push_back(*std::move(event));
    } else {
      ++parsed.malformed;
    }
  }
  return parsed;
}

}  // namespace lmsmail::gateway
