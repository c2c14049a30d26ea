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

// Records outcomes, many in one transaction; gives back what was not sent. One thread's own.
//
// While the database is away it tries again for as long as it takes. An error that waiting does not
// cure, as words of a server that no database takes, must not hold up the other mails of its claim:
// then outcomes are recorded one by one, and the one that is refused without its words, since what
// counts is that the mail is not sent twice. What is refused even so is given up after a while:
// logged as an error, counted, and left in the journal for the next process to try. Its claim is
// not ended but left to its lease, so that the mail comes back as one that may have been sent.
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

  // Gives way to urgent mail, then records all that waits. False when something could not be
  // recorded and waits still: the database is away, and what is not recorded keeps the in-flight
  // budget down.
  bool FlushAll();

 private:
  // What is given up is taken out of the job.
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
  std::map<ClaimId, int> refused_;  // how often in a row, of open claims
  std::set<ClaimId> given_up_;      // open claims of which some outcome was
  telemetry::LogEvery log_{absl::Seconds(10)};
};

}  // namespace lmsmail::dispatch
