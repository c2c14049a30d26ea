#include "services/gateway/webhooks/provider_event.h"

namespace lmsmail::gateway {

std::string_view NameOf(EventType type) {
  switch (type) {
    case EventType::kUnknown:
      return "unknown";
    case EventType::kQueued:
      return "queued";
    case EventType::kRejected:
      return "rejected";
    case EventType::kBounced:
      return "bounced";
    case EventType::kDeferred:
      return "deferred";
    case EventType::kDelivered:
      return "delivered";
    case EventType::kOpened:
      return "opened";
    case EventType::kClicked:
      return "clicked";
    case EventType::kComplained:
      return "complained";
    case EventType::kUnsubscribed:
      return "unsubscribed";
    case EventType::kSubscribed:
      return "subscribed";
  }
  return "unknown";
}

std::string_view NameOf(RejectReason reason) {
  switch (reason) {
    case RejectReason::kNone:
      return "";
    case RejectReason::kInvalid:
      return "invalid";
    case RejectReason::kBounced:
      return "bounced";
    case RejectReason::kTimedOut:
      return "timed_out";
    case RejectReason::kBlocked:
      return "blocked";
    case RejectReason::kUnsubscribed:
      return "unsubscribed";
    case RejectReason::kOther:
      return "other";
  }
  return "";
}

}  // namespace lmsmail::gateway
