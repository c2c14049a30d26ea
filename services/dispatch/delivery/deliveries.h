#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/dispatch/claiming/in_flight_budget.h"
#include "services/dispatch/claiming/intent_journal.h"
#include "services/dispatch/claiming/open_claims.h"
#include "services/dispatch/delivery/bounce_reporter.h"
#include "services/dispatch/delivery/delay_queue.h"
#include "services/dispatch/delivery/delivery_policy.h"
#include "services/dispatch/limits/rate_limits.h"
#include "services/dispatch/rendering/composer.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// A mail that is to go, with all it has to keep to on its way.
struct DeliveryAttempt {
  ClaimId claim = 0;
  bool urgent = false;
  ClaimedMail mail;
  Transport* transport = nullptr;
  std::string recipient_domain;
  std::vector<Limit> limits;
  std::vector<int> demand;  // mails of the claim that are still to keep each of `limits`
  ComposedMail composed;

  std::vector<Turn> turns;  // of the first of `limits`, taken already
  int expired_turns = 0;    // how often turns were too old when the last was there
};

// The way of mails through their limits and over the transport to their outcome. A mail over a
// limit holds up no other: for a turn that is near it waits in DelayQueue, otherwise it goes back
// into the queue until its place in the line comes up, which is no attempt. Thread-safe.
class Deliveries {
 public:
  // All must outlive this, and this must outlive the timer's and the transports' shutdown.
  struct Dependencies {
    const Clock& clock;
    OpenClaims& claims;
    InFlightBudget& budget;
    RateLimits& limits;
    DelayQueue& timer;
    BounceReporter& bounces;
    IntentJournal& journal;
    DeliveryPolicy policy;
  };
  explicit Deliveries(Dependencies dependencies) : d_(std::move(dependencies)) {}

  // The next turn that `attempt` lacks, if any. False when it went back into the queue.
  bool AcquirePermit(DeliveryAttempt& attempt);
  // Takes what turns are missing and hands the mail over, at once or later. False when nothing more
  // of its claim may be handed over; it was not told of then.
  bool Depart(std::unique_ptr<DeliveryAttempt> attempt);

  bool MayGoOn(ClaimId claim) const;
  // Hands nothing more over.
  void Stop() { stopping_ = true; }

 private:
  // Until its lease ends, or is taken away.
  bool HasRightTo(ClaimId claim) const;
  void PutBack(const DeliveryAttempt& attempt, absl::Time retry);
  bool HandOver(std::unique_ptr<DeliveryAttempt> attempt);
  void Answered(const DeliveryAttempt& attempt, const DeliveryResult& result);

  const Dependencies d_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace lmsmail::dispatch
