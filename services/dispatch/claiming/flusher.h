#pragma once

#include <map>
#include <set>

#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/telemetry/logging.h"
#include "services/dispatch/claiming/dispatch_metrics.h"
#include "services/dispatch/claiming/in_flight_budget.h"
#include "services/dispatch/claiming/intent_journal.h"
#include "services/dispatch/claiming/open_claims.h"
#include "services/dispatch/claiming/priority_gate.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// Records outcomes, many in one transaction, and releases mail that was not sent. Used by one
// thread.
//
// While the database is unavailable, the flusher tries again for as long as it takes. An error that
// is not transient, as for reply text that no database accepts, must not block the other mails of
// its claim: then outcomes are recorded one by one, and a refused one without its reply text,
// because the mail must not be sent twice. An outcome that is refused even so is given up after a
// while: it is logged as an error, counted, and left in the journal for the next process. Its claim
// is not ended but left to its lease, so that the mail is recovered as one that may have been sent.
class Flusher {
 public:
  // All must outlive this.
  Flusher(QueueStore& queue, OpenClaims& claims, InFlightBudget& budget, IntentJournal& journal,
          PriorityGate& priority_gate, DispatchMetrics& metrics)
      : queue_(queue),
        claims_(claims),
        budget_(budget),
        journal_(journal),
        priority_gate_(priority_gate),
        metrics_(metrics) {}

  // Yields to urgent mail, then records all pending outcomes. Returns false when some could not be
  // recorded: the database is unavailable, and unrecorded outcomes use up the in-flight budget.
  bool FlushAll();

 private:
  // Removes outcomes that are given up from the job.
  absl::Status Flush(OpenClaims::Job& job);
  absl::Status FlushTogether(const OpenClaims::Job& job);
  absl::Status FlushOneByOne(OpenClaims::Job& job);
  absl::Status Record(ClaimId claim, absl::Span<const Outcome> outcomes, bool last);

  QueueStore& queue_;
  OpenClaims& claims_;
  InFlightBudget& budget_;
  IntentJournal& journal_;
  PriorityGate& priority_gate_;
  DispatchMetrics& metrics_;
  std::map<ClaimId, int> refused_;  // consecutive refusals, by open claim
  std::set<ClaimId> given_up_;      // open claims with an outcome that was given up
  telemetry::LogEvery log_{absl::Seconds(10)};
};

}  // namespace lmsmail::dispatch
