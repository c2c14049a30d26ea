#pragma once

#include <optional>
#include <set>
#include <string_view>

#include "absl/time/time.h"

#include "services/dispatch/message/message.h"
#include "services/dispatch/message/recipient_check.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/transports/transport.h"

// What becomes of a mail: pure functions of the mail, the answer and the time, so that every
// replica decides alike and every path can be tested.
namespace lmsmail::dispatch {

struct DeliveryPolicy {
  int max_attempts = 12;
  // Waits between attempts double from the first to the longest, each spread by a quarter.
  absl::Duration first_retry = absl::Minutes(1);
  absl::Duration longest_retry = absl::Hours(1);
  // Greylisting servers (451 4.7.1) want to see some minutes pass.
  absl::Duration greylist_retry = absl::Minutes(5);
  // After a mail may or may not have arrived and is to be sent again.
  absl::Duration ambiguous_retry = absl::Seconds(30);
  // A refusal of us (RefusesSender) fails a mail with its so-manieth attempt only: the first may
  // tell of a revoked key or a blocked address, which is no fault of the mail's, and which somebody
  // will mend. Meanwhile the transport is held (CircuitBreaker), which counts no attempt. A mail
  // that is refused each time although others get through is refused for what it says.
  int max_sender_refusals = 3;
  // While another service of ours is away; grows to the longest, counts as no attempt.
  absl::Duration shortest_peer_retry = absl::Seconds(5);
  absl::Duration longest_peer_retry = absl::Seconds(30);

  // Categories that are sent again when the connection broke after the last byte; a mail of another
  // becomes UNCERTAIN. See lmsmail.type.v1.CategoryPolicy.
  std::set<Category> resend_uncertain = CategoriesResentWhenUncertain();
  // Categories that are sent again when the worker that held the mail died, most likely before it
  // sent it; a mail of another becomes UNCERTAIN.
  std::set<Category> resend_recovered = {kCategories.begin(), kCategories.end()};

 private:
  static std::set<Category> CategoriesResentWhenUncertain();
};

// Cancelled, expired, or held by a worker that died: decided before anybody is asked.
std::optional<Outcome> DecideBeforeCheck(const ClaimedMail& claimed, absl::Time now,
                                         const DeliveryPolicy& policy);

// Preferences said no, or not now.
std::optional<Outcome> DecideByVerdict(const ClaimedMail& claimed, const Verdict& verdict,
                                       absl::Time now);

// Puts a mail off because a peer of ours (preferences, templates) is away. No attempt is counted.
Outcome PutOff(const ClaimedMail& claimed, Reason reason, absl::Time now,
               const DeliveryPolicy& policy);

// A mail that cannot be written.
Outcome FailUnwritten(const ClaimedMail& claimed, Reason reason, std::string detail);

// What the transport's answer means for the mail.
Outcome DecideByResult(const ClaimedMail& claimed, const DeliveryResult& result, absl::Time now,
                       const DeliveryPolicy& policy);

}  // namespace lmsmail::dispatch
