#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"

#include "libs/retry/backoff.h"
#include "services/dispatch/message/message.h"
#include "services/dispatch/message/recipient_check.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/transports/transport.h"

// The outcome of a mail, as pure functions of the mail, the reply and the time: every replica
// decides alike, and every path can be tested.
namespace lmsmail::dispatch {

struct DeliveryPolicy {
  // Between attempts, with jitter. Temporary refusals never fail a mail: its expire_time decides.
  retry::BackoffPolicy backoff = {.initial = absl::Minutes(1), .max = absl::Hours(1)};
  // The shortest backoff after greylisting.
  absl::Duration greylist_backoff = absl::Minutes(5);
  // Before a mail is sent again that may have arrived.
  absl::Duration uncertain_backoff = absl::Seconds(30);
  // A refusal of the sender fails a mail only when it is the mail's refusal of this number while
  // the circuit breaker was closed: others were accepted meanwhile, so its content is the cause.
  // Refusals that open the breaker are not the mail's fault and do not count.
  int max_sender_rejections = 3;
  // How often a mail of `resend_uncertain` is sent again.
  int max_resends = 5;
  // While another of our services is unavailable, which counts no attempt.
  retry::BackoffPolicy peer_backoff = {.initial = absl::Seconds(5), .max = absl::Seconds(30)};

  // Categories that are sent again when the connection broke after the last byte; a mail of another
  // becomes UNCERTAIN. See lmsmail.type.v1.CategoryPolicy.
  std::set<Category> resend_uncertain = CategoriesResentWhenUncertain();
  // Categories that are sent again when the worker that held the mail died, most likely before it
  // sent it; a mail of another becomes UNCERTAIN.
  std::set<Category> resend_recovered = {kCategories.begin(), kCategories.end()};

 private:
  static std::set<Category> CategoriesResentWhenUncertain();
};

// The outcome of a mail that is cancelled, expired or recovered from a dead worker; nullopt for a
// mail that needs a recipient check.
std::optional<Outcome> DecideBeforeCheck(const ClaimedMail& claimed, absl::Time now,
                                         const DeliveryPolicy& policy);

// The outcome of a mail that the recipient check skips or defers; nullopt for one that it allows.
std::optional<Outcome> DecideByVerdict(const ClaimedMail& claimed, const Verdict& verdict,
                                       absl::Time now);

// Defers a mail because the preference or template service is unavailable. Counts no attempt.
Outcome Defer(const ClaimedMail& claimed, Reason reason, absl::Time now,
              const DeliveryPolicy& policy);

// Defers a mail that waits for a rate limit, but not long past its expire_time, so that it is
// recorded as expired in time. Counts no attempt.
Outcome DeferForLimit(const ClaimedMail& claimed, absl::Time retry_time, std::string detail);

// Fails a mail that cannot be rendered.
Outcome FailUnrendered(const ClaimedMail& claimed, Reason reason, const std::string& detail);

// Whether the transport gave the mail back undelivered, so that another one may try.
bool GivesBack(const DeliveryResult& result);

// Whether another transport may deliver a mail that this one gave back.
enum class Alternative : std::uint8_t {
  kNone,
  kUnavailable,  // none of them is available now
  kAvailable,    // and is tried next
};

// The outcome that the transport's result means for the mail. A mail that was given back
// undelivered returns to the queue at once for an alternative that is available.
Outcome DecideByResult(const ClaimedMail& claimed, const DeliveryResult& result, absl::Time now,
                       const DeliveryPolicy& policy, Alternative alternative = Alternative::kNone);

}  // namespace lmsmail::dispatch
