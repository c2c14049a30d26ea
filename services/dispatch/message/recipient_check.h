#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// What is known of the person a mail goes to. Texts are empty where nothing is known.
struct Recipient {
  std::string email_address;
  std::string display_name;
  std::string given_name;
  std::string language_code;  // BCP 47
  std::string unsubscribe_url;
  std::string preferences_url;
};

// Whether one mail may go now.
struct Verdict {
  enum class Decision { kAllow, kSkip, kDefer };
  Decision decision = Decision::kAllow;
  Reason reason = Reason::kNone;
  Recipient recipient;    // whatever the decision; empty for an unknown recipient
  absl::Time retry_time;  // kDefer only
};

struct RecipientQuery {
  Target target;
  Category category = Category::kAnnouncement;
};

// Asks for consent, suppression and quiet hours just before sending. Thread-safe.
class RecipientCheck {
 public:
  virtual ~RecipientCheck() = default;
  // One verdict a query, in order; any number of queries. Blocks for a bounded time.
  virtual absl::StatusOr<std::vector<Verdict>> Check(absl::Span<const RecipientQuery> queries) = 0;
};

enum class SuppressionCause { kBounced, kComplained };

// Where addresses go that must not be written to again. Thread-safe.
class SuppressionList {
 public:
  virtual ~SuppressionList() = default;
  // Repeating it changes nothing. Blocks for a bounded time.
  virtual absl::Status Add(std::string_view email_address, SuppressionCause cause,
                           std::string_view detail) = 0;
};

}  // namespace lmsmail::dispatch
