#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/address/email_address.h"
#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// The recipient of a mail. Unknown texts are empty.
struct Recipient {
  std::optional<address::EmailAddress> address;  // nullopt: unknown, or no valid address
  std::string display_name;
  std::string given_name;
  std::string language_code;  // BCP 47
  std::string time_zone;      // IANA
  std::string unsubscribe_url;
  std::string preferences_url;
  // Whether opens and clicks may be measured. Who is unknown has not been asked.
  bool tracking_allowed = false;
};

// Whether one mail may be sent now.
struct Verdict {
  enum class Decision { kAllow, kSkip, kDefer };
  Decision decision = Decision::kAllow;
  Reason reason = Reason::kNone;
  Recipient recipient;    // set for every decision; empty for an unknown recipient
  absl::Time retry_time;  // kDefer only
};

struct RecipientQuery {
  Target target;
  Category category = Category::kAnnouncement;
};

// Checks consent, suppression and quiet hours just before sending. Thread-safe.
class RecipientCheck {
 public:
  virtual ~RecipientCheck() = default;
  // Returns one verdict for each query, in order. Blocks until `deadline` at most.
  virtual absl::StatusOr<std::vector<Verdict>> Check(absl::Span<const RecipientQuery> queries,
                                                     absl::Time deadline) = 0;
};

enum class SuppressionCause { kBounced, kComplained };

// The addresses that must not get mail any more. Thread-safe.
class SuppressionList {
 public:
  virtual ~SuppressionList() = default;
  // Idempotent. Blocks for a bounded time.
  virtual absl::Status Add(std::string_view email_address, SuppressionCause cause,
                           std::string_view detail) = 0;
};

// Whether recipients may be measured when something was measured, which is later than their mail
// was checked. Thread-safe.
class TrackingCheck {
 public:
  virtual ~TrackingCheck() = default;
  // One answer for each `recipients/{recipient}`, in order; false for an unknown one. Blocks until
  // `deadline` at most.
  virtual absl::StatusOr<std::vector<bool>> TrackingAllowed(
      absl::Span<const std::string> recipients, absl::Time deadline) = 0;
};

// What recipients decided outside of the preference service. Thread-safe.
class ConsentWithdrawal {
 public:
  virtual ~ConsentWithdrawal() = default;
  // Records that the recipient, `recipients/{recipient}`, unsubscribed from the category at a mail
  // provider. Idempotent. Errors that are not transient (see IsTransient) mean that there is
  // nothing to withdraw. Blocks until `deadline` at most.
  virtual absl::Status Withdraw(std::string_view recipient, Category category,
                                absl::Time deadline) = 0;
};

}  // namespace lmsmail::dispatch
