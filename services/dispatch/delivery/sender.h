#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/clock/clock.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/claiming/cancellation_watch.h"
#include "services/dispatch/claiming/claimer.h"
#include "services/dispatch/claiming/in_flight_budget.h"
#include "services/dispatch/claiming/intent_journal.h"
#include "services/dispatch/claiming/lane_schedule.h"
#include "services/dispatch/claiming/open_claims.h"
#include "services/dispatch/claiming/priority_gate.h"
#include "services/dispatch/delivery/bounce_reporter.h"
#include "services/dispatch/delivery/delay_queue.h"
#include "services/dispatch/delivery/deliveries.h"
#include "services/dispatch/delivery/delivery_policy.h"
#include "services/dispatch/limits/rate_limits.h"
#include "services/dispatch/message/recipient_check.h"
#include "services/dispatch/rendering/composer.h"
#include "services/dispatch/rendering/template_source.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/transports/transports.h"

namespace lmsmail::dispatch {

// Takes a claimed batch to its end: decides about each mail, writes those that may go, and hands
// them over. Outcomes go to OpenClaims, some of them later, from the transport's thread. One
// thread's own.
class Sender {
 public:
  // All must outlive this, and this must outlive the timer's and the transports' shutdown.
  struct Dependencies {
    const Clock& clock;
    OpenClaims& claims;
    CancellationWatch& cancellations;
    InFlightBudget& budget;
    RateLimits& limits;
    DelayQueue& timer;
    RecipientCheck& recipients;
    TemplateSource& templates;
    Transports& transports;
    BounceReporter& bounces;
    IntentJournal& journal;
    const SiteIdentity& site;
    const MessageIdHeader& message_ids;
    DeliveryPolicy policy;
    std::size_t max_message_bytes = 1 << 20;
    PriorityGate* yields_to = nullptr;  // before the check and each mail
  };
  explicit Sender(Dependencies dependencies);

  // The claim is in OpenClaims already. Returns when every mail was handed over, told of, or left
  // to the timer.
  void Process(TakenClaim taken);

  // From any thread: hands nothing more over; Process gives the rest back.
  void Stop() { departures_.Stop(); }

 private:
  using Wording = absl::StatusOr<std::shared_ptr<const CompiledVersion>>;

  void Yield() const;
  // The mails that nothing stands against before anybody is asked.
  std::vector<ClaimedMail> Sift(Claim& claim);
  // One call for all, unless one of them makes the call invalid: then smaller ones find it out.
  std::vector<absl::StatusOr<Verdict>> Check(absl::Span<const RecipientQuery> queries);
  // Counts the mails of the claim that have to keep each limit.
  void CountDemand(const std::vector<ClaimedMail>& mails,
                   const std::vector<absl::StatusOr<Verdict>>& verdicts);
  // False when nothing more of this claim may be handed over; the mail was not told of then.
  bool SendOne(const TakenClaim& taken, ClaimedMail& mail, const absl::StatusOr<Verdict>& verdict);
  std::unique_ptr<DeliveryAttempt> MakeDeparture(const Claim& claim, ClaimedMail&& mail,
                                                 const Recipient& recipient, Transport& transport);
  const Wording& WordingOf(const TemplateRef& ref);

  const Dependencies d_;
  Composer composer_;
  Deliveries departures_;
  // Of the claim at hand:
  std::map<std::pair<std::string, int>, Wording> wordings_;
  std::map<std::string, int, std::less<>> demand_;  // by key of a limit
  telemetry::LogEvery log_{absl::Seconds(10)};
};

}  // namespace lmsmail::dispatch
