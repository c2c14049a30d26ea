#pragma once

#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// Decides which lane of a pipeline to claim from next. The two lanes of a pipeline, critical and
// transactional or notification and bulk, share its capacity 2 : 1, so that neither starves the
// other, by stride scheduling (Waldspurger, 1995): each mail claimed advances its lane's pass by
// 1 / weight, and the lane with the lowest pass is next. A lane that is found empty is polled less
// and less often. Not thread-safe.
class LaneSchedule {
 public:
  explicit LaneSchedule(std::vector<Lane> lanes) : lanes_(std::move(lanes)) {}

  // Lanes to try now, the best first. Empty while every lane waits for its next poll.
  std::vector<Lane> Order(absl::Time now) const;

  // `full`: the batch was as large as requested. A smaller one emptied its shard, and the lane
  // unless more mails were accepted than claimed.
  void Claimed(Lane lane, int mails, bool full, absl::Time now);
  void FoundEmpty(Lane lane, absl::Time now);
  // `lane` has new mails: it is tried again now, or a moment after it was emptied, so that a
  // drained queue is not emptied mail by mail with a commit for each.
  void Accepted(Lane lane, int mails);
  // Any lane may have new mail.
  void Wake();

  // When to try the next of the lanes that `wanted` accepts.
  absl::Time NextTry(const std::function<bool(Lane)>& wanted) const;
  // Every lane has been empty for so long that one query for due mail is cheaper than trying each.
  bool Idle() const;

 private:
  struct State {
    double pass = 0;      // mails claimed / weight
    int accepted = 0;     // mails since the lane was empty that were not claimed yet
    int empty_polls = 0;  // in a row
    absl::Time found_empty = absl::InfinitePast();
    absl::Time next_try = absl::InfinitePast();
  };
  State& Of(Lane lane);

  const std::vector<Lane> lanes_;
  std::array<State, 4> states_;  // by lane, unscheduled ones included
};

// Whether a lane has reserved capacity.
inline bool IsUrgent(Lane lane) { return lane == Lane::kCritical || lane == Lane::kTransactional; }

}  // namespace lmsmail::dispatch
