#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "libs/telemetry/logging.h"
#include "services/dispatch/claiming/claimer.h"
#include "services/dispatch/claiming/priority_gate.h"
#include "services/dispatch/delivery/delay_queue.h"
#include "services/dispatch/delivery/deliveries.h"
#include "services/dispatch/delivery/dependencies.h"
#include "services/dispatch/delivery/transport_choice.h"

namespace lmsmail::dispatch {

// Processes claimed batches: checks each mail, renders those that may be sent, and hands them over.
// Outcomes go to OpenClaims, some of them later and from the transport's thread. Used by one
// thread.
class Sender {
 public:
  // All must outlive this, and this must outlive the shutdown of `delays` and the transports.
  // `yields_to` may be null; otherwise the sender yields before the check of its recipients.
  Sender(const SenderContext& context, DelayQueue& delays, PriorityGate* yields_to);

  // The claim must be in OpenClaims. Returns when every mail was settled, handed over or added to
  // the delay queue.
  void Process(TakenClaim taken);

  // Hands over no more mail; Process releases the rest. From any thread.
  void Stop() { deliveries_.Stop(); }

 private:
  using Version = absl::StatusOr<std::shared_ptr<const CompiledVersion>>;

  // A mail of the claim in process, with what is known of it so far.
  struct Candidate {
    ClaimedMail mail;
    absl::StatusOr<Verdict> verdict = absl::UnknownError("not checked yet");
    TransportChoice::Chosen chosen = {};
    std::vector<Limit> limits;
    std::unique_ptr<MailTrace> trace = {};
  };

  // The mails that need a recipient check; the others are settled.
  std::vector<Candidate> Prefilter(Claim& claim);
  // Of mail that is traced. A batch may have a million mails: of each claim, its first is traced.
  static void BeginTraces(absl::Time claimed, std::vector<Candidate>& candidates);
  // Sets the verdicts, within the trace of the first mail that has one.
  void CheckTraced(std::vector<Candidate>& candidates);
  // Sets the verdicts, by one call. When a query makes the call invalid, smaller calls isolate it.
  void Check(absl::Span<Candidate> candidates);
  // Of mail that the check allows.
  void ChooseTransports(std::vector<Candidate>& candidates);
  void FindLimits(std::vector<Candidate>& candidates);
  // The outcome of a mail that is not to be sent now; nullopt for one that is.
  std::optional<Outcome> DecideUnsent(const TakenClaim& taken, Candidate& candidate);
  // Returns false when no more mail of this claim may be handed over; the mail is not settled then.
  bool SendOne(const TakenClaim& taken, Candidate& candidate);
  // Fills `attempt.composed`, or returns the outcome of a mail that cannot be rendered.
  std::optional<Outcome> Render(const Recipient& recipient, DeliveryAttempt& attempt);
  std::unique_ptr<DeliveryAttempt> MakeAttempt(const Claim& claim, Candidate& candidate);
  const Version& VersionOf(const TemplateRef& ref);

  const SenderContext& context_;
  const DeliveryDependencies& d_ = context_.dependencies;
  PriorityGate* const yields_to_;
  Composer composer_;
  Deliveries deliveries_;
  TransportChoice choice_;
  // Of the claim in process:
  std::map<std::pair<std::string, int>, Version> versions_;
  std::map<std::string, int, std::less<>> demand_;  // mails that need a permit, by key of a limit
  telemetry::LogEvery log_{absl::Seconds(10)};
};

}  // namespace lmsmail::dispatch
