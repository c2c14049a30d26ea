#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lmsmail::gateway {

// The types of events and the reasons of rejections that django-anymail has, so that providers are
// compared in terms that others use too.
enum class EventType {
  kUnknown,
  kQueued,
  kRejected,
  kBounced,
  kDeferred,
  kDelivered,
  kOpened,
  kClicked,
  kComplained,
  kUnsubscribed,
  kSubscribed,
};
enum class RejectReason {
  kNone,
  kInvalid,
  kBounced,
  kTimedOut,
  kBlocked,
  kUnsubscribed,
  kOther,
};

std::string_view NameOf(EventType type);
std::string_view NameOf(RejectReason reason);  // empty for kNone

inline constexpr std::size_t kMaxEventId = 128;
inline constexpr std::size_t kMaxEventDetail = 500;

// What a provider or a mail server reported about a mail. All texts are valid UTF-8 without control
// characters.
struct ProviderEvent {
  EventType type = EventType::kUnknown;
  RejectReason reject_reason = RejectReason::kNone;
  std::string event_id;            // printable ASCII, 1 to kMaxEventId octets
  std::string message_id;          // our Message-ID; empty if the mail is not ours
  std::string message = {};        // instead of it, "messages/{message}"
  std::string recipient;           // as the provider wrote it; neither recorded nor logged
  std::optional<absl::Time> time;  // nullopt: not told
  std::string detail;              // at most kMaxEventDetail octets
  // Of kBounced: another address failed than the mail went to, such as one it was forwarded to.
  bool at_other_address = false;
  bool machine = false;  // a program opened the mail or followed the link
  int link = 0;          // that was followed, 1 to `links`; 0: not known
  int links = 0;
};

// The events of one request.
struct ProviderEvents {
  std::vector<ProviderEvent> events;
  int malformed = 0;  // left out
};

// Records events about mail of ours. Thread-safe.
class EventLog {
 public:
  virtual ~EventLog() = default;

  struct Counts {
    int recorded = 0, duplicate = 0, unknown = 0, opted_out = 0;
  };
  // Returns when all events are durable. After an error some may be, and the same call may be
  // repeated. Blocks. Every event needs a message_id or a message.
  virtual absl::StatusOr<Counts> Record(absl::Span<const ProviderEvent> events) = 0;
};

}  // namespace lmsmail::gateway
