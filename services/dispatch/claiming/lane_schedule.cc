#include "services/dispatch/claiming/lane_schedule.h"

#include <algorithm>
#include <cstddef>

#include "libs/retry/backoff.h"

namespace lmsmail::dispatch {
namespace {

// Between polls of an empty lane. They find mail that other replicas accepted and did not send.
constexpr retry::BackoffPolicy kPollInterval{.initial = absl::Milliseconds(20),
                                             .max = absl::Milliseconds(100)};
// Before a lane that was found empty is tried for new mail.
constexpr absl::Duration kMinInterval = absl::Milliseconds(5);

std::size_t Index(Lane lane) { return static_cast<std::size_t>(lane) - 1; }

double WeightOf(Lane lane) {
  constexpr double kWeights[] = {2, 1, 2, 1};
  return kWeights[Index(lane)];
}

}  // namespace

LaneSchedule::State& LaneSchedule::Of(Lane lane) { return states_[Index(lane)]; }

std::vector<Lane> LaneSchedule::Order(absl::Time now) const {
  std::vector<Lane> order;
  for (const Lane lane : lanes_) {
    if (states_[Index(lane)].next_try <= now) order.push_back(lane);
  }
  std::stable_sort(order.begin(), order.end(), [this](Lane a, Lane b) {
    return states_[Index(a)].pass < states_[Index(b)].pass;
  });
  return order;
}

void LaneSchedule::Claimed(Lane lane, int mails, bool full, absl::Time now) {
  State& state = Of(lane);
  state.pass += mails / WeightOf(lane);
  state.accepted = std::max(state.accepted - mails, 0);
  state.empty_polls = 0;
  if (full || state.accepted > 0) {
    state.next_try = full ? now : now + kMinInterval;
  } else {
    FoundEmpty(lane, now);
  }
  // An idle lane must not accumulate credit: it starts at the lowest pass of the busy lanes.
  double level = state.pass;
  for (const Lane other : lanes_) {
    if (Of(other).empty_polls == 0) level = std::min(level, Of(other).pass);
  }
  for (const Lane other : lanes_) {
    if (Of(other).empty_polls > 0) Of(other).pass = std::max(Of(other).pass, level);
  }
}

void LaneSchedule::FoundEmpty(Lane lane, absl::Time now) {
  State& state = Of(lane);
  state.accepted = 0;
  state.found_empty = now;
  state.next_try = now + retry::Backoff(kPollInterval, ++state.empty_polls);
}

void LaneSchedule::Wake() {
  for (const Lane lane : lanes_) Accepted(lane, 0);
}

void LaneSchedule::Accepted(Lane lane, int mails) {
  State& state = Of(lane);
  state.accepted += mails;
  if (state.empty_polls == 0) return;
  state.empty_polls = 1;
  state.next_try = state.found_empty + kMinInterval;
}

absl::Time LaneSchedule::NextTry(const std::function<bool(Lane)>& wanted) const {
  absl::Time next = absl::InfiniteFuture();
  for (const Lane lane : lanes_) {
    if (wanted(lane)) next = std::min(next, states_[Index(lane)].next_try);
  }
  return next;
}

bool LaneSchedule::Idle() const {
  return std::ranges::all_of(lanes_, [this](Lane lane) {
    const int polls = states_[Index(lane)].empty_polls;
    return polls > 0 && retry::Backoff(kPollInterval, polls) >= kPollInterval.max;
  });
}

}  // namespace lmsmail::dispatch
