#include "services/dispatch/claiming/lane_schedule.h"

#include <algorithm>
#include <cstddef>

namespace lmsmail::dispatch {
namespace {

constexpr absl::Duration kShortestRest = absl::Milliseconds(5);
constexpr absl::Duration kLongestRest = absl::Milliseconds(100);

std::size_t Index(Lane lane) { return static_cast<std::size_t>(lane) - 1; }

double WeightOf(Lane lane) {
  constexpr double kWeights[] = {8, 4, 2, 1};
  return kWeights[Index(lane)];
}

}  // namespace

LaneSchedule::State& LaneSchedule::Of(Lane lane) { return states_[Index(lane)]; }

std::vector<Lane> LaneSchedule::Order(absl::Time now) const {
  std::vector<Lane> order;
  for (const Lane lane : of_) {
    if (states_[Index(lane)].next_try <= now) order.push_back(lane);
  }
  std::stable_sort(order.begin(), order.end(), [this](Lane a, Lane b) {
    return states_[Index(a)].paid < states_[Index(b)].paid;
  });
  return order;
}

void LaneSchedule::Took(Lane lane, int mails, bool full, absl::Time now) {
  State& state = Of(lane);
  state.paid += mails / WeightOf(lane);
  state.rest = absl::ZeroDuration();
  state.next_try = full ? now : now + kShortestRest;
  // A lane that had nothing to send may not save its turns up: it starts level with the one that
  // has waited longest among those at work.
  double level = state.paid;
  for (const Lane other : of_) {
    if (Of(other).rest == absl::ZeroDuration()) level = std::min(level, Of(other).paid);
  }
  for (const Lane other : of_) {
    if (Of(other).rest > absl::ZeroDuration()) Of(other).paid = std::max(Of(other).paid, level);
  }
}

void LaneSchedule::FoundEmpty(Lane lane, absl::Time now) {
  State& state = Of(lane);
  state.rest = std::clamp(state.rest * 2, kShortestRest, kLongestRest);
  state.found_empty = now;
  state.next_try = now + state.rest;
}

void LaneSchedule::Wake() {
  for (const Lane lane : of_) {
    State& state = Of(lane);
    if (state.rest == absl::ZeroDuration()) continue;
    state.rest = kShortestRest;
    state.next_try = absl::InfinitePast();
  }
}

void LaneSchedule::Accepted(Lane lane) {
  State& state = Of(lane);
  if (state.rest == absl::ZeroDuration()) return;
  state.rest = kShortestRest;
  state.next_try = state.found_empty + kShortestRest;
}

absl::Time LaneSchedule::NextTry(const std::function<bool(Lane)>& wanted) const {
  absl::Time next = absl::InfiniteFuture();
  for (const Lane lane : of_) {
    if (wanted(lane)) next = std::min(next, states_[Index(lane)].next_try);
  }
  return next;
}

bool LaneSchedule::Idle() const {
  return std::ranges::all_of(
      of_, [this](Lane lane) { return states_[Index(lane)].rest >= kLongestRest; });
}

}  // namespace lmsmail::dispatch
