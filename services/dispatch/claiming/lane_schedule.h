#pragma once

#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// Whose turn it is. Lanes share the way out 8 : 4 : 2 : 1, so that a million bulk mails never delay
// a receipt and receipts never starve the bulk: stride scheduling (Waldspurger, 1995), where a lane
// pays for the mails it took by waiting. A lane that was empty is asked again a little later each
// time. Not thread-safe.
class LaneSchedule {
 public:
  explicit LaneSchedule(std::vector<Lane> lanes) : of_(std::move(lanes)) {}

  // Lanes to try now, the best first; empty while all rest.
  std::vector<Lane> Order(absl::Time now) const;

  // `full`: as many as were asked for. After fewer, the lane waits a moment, so that a drained
  // queue is not emptied mail by mail, each with its own commit.
  void Took(Lane lane, int mails, bool full, absl::Time now);
  void FoundEmpty(Lane lane, absl::Time now);
  // New mail may be anywhere.
  void Wake();
  // New mail came into `lane`, which is tried again now, or a moment after it was last tried.
  void Accepted(Lane lane);

  // When the next of the lanes that `wanted` lets is to be tried.
  absl::Time NextTry(const std::function<bool(Lane)>& wanted) const;
  // Every lane has been empty for so long that asking when mail is due is cheaper than trying each.
  bool Idle() const;

 private:
  struct State {
    double paid = 0;  // mails taken, by weight
    absl::Duration rest = absl::ZeroDuration();
    absl::Time found_empty = absl::InfinitePast();
    absl::Time next_try = absl::InfinitePast();
  };
  State& Of(Lane lane);

  const std::vector<Lane> of_;
  std::array<State, 4> states_;  // of all lanes; those that are not scheduled stay as they are
};

// Somebody waits for it: has reserved capacity.
inline bool IsUrgent(Lane lane) { return lane == Lane::kCritical || lane == Lane::kTransactional; }

}  // namespace lmsmail::dispatch
