#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/claiming/dispatch_metrics.h"
#include "services/dispatch/claiming/lane_schedule.h"
#include "services/dispatch/claiming/priority_gate.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

struct TakenClaim {
  Claim claim;
  absl::Time taken;  // no later than the start of its lease
};

// Takes batches of due mail, lane by lane in fair turns. One thread's own; more than one for the
// same lanes only make the batches smaller.
class Claimer {
 public:
  struct Options {
    std::string worker;  // this replica's name
    std::vector<Lane> lanes;
    int batch = 500;
    absl::Duration lease = absl::Seconds(60);
    PriorityGate* yields_to = nullptr;  // before each attempt
  };
  // All that is referred to must outlive this.
  Claimer(QueueStore& queue, const Clock& clock, DispatchMetrics& metrics, Options options)
      : queue_(queue),
        clock_(clock),
        metrics_(metrics),
        options_(std::move(options)),
        schedule_(options_.lanes) {}

  // A batch of the first lane in turn that `wanted` lets and that has due mail.
  std::optional<TakenClaim> TakeNext(const std::function<bool(Lane)>& wanted);

  // How long TakeNext need not be tried again unless mail is accepted or another lane is wanted.
  absl::Duration Rest(const std::function<bool(Lane)>& wanted) const;
  // Mail was accepted into `lane`: if it was found empty it is worth trying again.
  void Accepted(Lane lane) { schedule_.Accepted(lane); }

 private:
  std::optional<TakenClaim> Take(Lane lane);
  // False when there is none to be had now.
  bool HaveId();
  // Asks the queue instead of every lane.
  bool MailIsDue();

  QueueStore& queue_;
  const Clock& clock_;
  DispatchMetrics& metrics_;
  const Options options_;
  LaneSchedule schedule_;
  ClaimId next_id_ = 0;    // unused so far
  bool in_doubt_ = false;  // whether it became a claim
  bool outage_ = false;    // the last query failed
  std::optional<absl::Time> next_due_;
  telemetry::LogEvery log_{absl::Seconds(10)};
};

}  // namespace lmsmail::dispatch
