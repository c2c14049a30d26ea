#pragma once

#include <optional>
#include <set>
#include <string_view>

#include "absl/time/time.h"

#include "services/dispatch/message.h"
#include "services/dispatch/queue_store.h"
#include "services/dispatch/recipient_check.h"
#include "services/dispatch/transport/transport.h"

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
  // will mend. Meanwhile the transport is held (HeldTransport), which counts no attempt. A mail
  // that is refused each time although others get through is refused for what it says.
  int max_sender_refusals = 3;
  // While another service of ours is away; grows to the longest, counts as no attempt.
  absl::Duration shortest_peer_retry = absl::Seconds(5);
  absl::Duration longest_peer_retry = absl::Seconds(30);

  // Sent again when the connection broke after the last byte: rather two receipts than none. Other
  // categories become UNCERTAIN.
  std::set<Category> resend_ambiguous = {Category::kEnrollment, Category::kPayment};
  // Sent again when a worker died with the mail in hand, most likely before it was sent. Other
  // categories become UNCERTAIN.
  std::set<Category> resend_recovered = {Category::kEnrollment, Category::kPayment,
                                         Category::kDemo,       Category::kProgress,
                                         Category::kContent,    Category::kAnnouncement};
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

// True for permanent refusals of us, whoever the mail is for: policy, authentication and reputation
// (RFC 3463, X.7; 5.1.7 and 5.1.8, the sender's address; RFC 4954 section 6: 530, 534, 535, 538).
// Never a reason to suppress an address.
bool RefusesSender(const DeliveryResult& result);

// True for permanent refusals that say the address does not exist or is dead (RFC
// 3463: 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10, 5.2.1; RFC 7372 and 7505's neighbours 5.7.13, 5.7.17).
// Policy, content and authentication refusals (other 5.7.x) are our fault, never the recipient's.
bool ProvesAddressDead(const DeliveryResult& result);
bool ProvesAddressDead(std::string_view enhanced_code);

}  // namespace lmsmail::dispatch
