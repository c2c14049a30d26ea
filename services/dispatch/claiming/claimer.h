#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/claiming/dispatch_metrics.h"
#include "services/dispatch/claiming/intent_journal.h"
#include "services/dispatch/claiming/lane_schedule.h"
#include "services/dispatch/claiming/priority_gate.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

struct TakenClaim {
  Claim claim;
  absl::Time taken;  // no later than the start of its lease
};

// Claims batches of due mail, lane by lane by fair share. Used by one thread; several claimers of
// the same lanes only make the batches smaller.
class Claimer {
 public:
  struct Options {
    std::string worker;  // the name of this replica
    std::vector<Lane> lanes;
    int batch = 500;
    absl::Duration lease = absl::Seconds(60);
    PriorityGate* yields_to = nullptr;  // before each attempt
    IntentJournal* journal = nullptr;   // learns of each claim before it is made
  };
  // All referents must outlive this.
  Claimer(QueueStore& queue, const Clock& clock, DispatchMetrics& metrics, Options options)
      : queue_(queue),
        clock_(clock),
        metrics_(metrics),
        options_(std::move(options)),
        schedule_(options_.lanes) {}

  // A batch of the next lane by fair share that `wanted` accepts and that has due mail.
  std::optional<TakenClaim> TakeNext(const std::function<bool(Lane)>& wanted);

  // Mail that arrived until then is not left to claim: an attempt that began later found none.
  absl::Time EmptyAt() const;

  // How long to wait before the next TakeNext, unless mail is accepted or another lane is wanted.
  absl::Duration PollInterval(const std::function<bool(Lane)>& wanted) const;
  // Mails were accepted into `lane`, which is tried again soon if it was found empty.
  void Accepted(Lane lane, int mails) { schedule_.Accepted(lane, mails); }

 private:
  std::optional<TakenClaim> Take(Lane lane);
  // Makes sure that next_id_ is set; false when no id can be had now.
  bool EnsureId();
  // One query for all lanes instead of a claim for each.
  bool MailIsDue();

  QueueStore& queue_;
  const Clock& clock_;
  DispatchMetrics& metrics_;
  const Options options_;
  LaneSchedule schedule_;
  ClaimId next_id_ = 0;    // not used yet
  bool in_doubt_ = false;  // whether next_id_ became a claim is unknown
  bool outage_ = false;    // the last query failed
  std::optional<absl::Time> next_due_;
  std::map<Lane, absl::Time> empty_at_;  // when the last attempt that found none began
  telemetry::LogEvery log_{absl::Seconds(10)};
};

}  // namespace lmsmail::dispatch
