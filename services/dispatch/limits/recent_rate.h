#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace lmsmail::dispatch {

// The recent rate of events of each of many names. Forgets a name without events for ten seconds.
// Not thread-safe.
class RecentRate {
 public:
  void Count(std::string_view name, absl::Time now) {
    Rotate(now);
    ++current_[std::string(name)];
  }

  // Events of the last five to ten seconds.
  int Recent(std::string_view name, absl::Time now) {
    Rotate(now);
    const auto find = [&](const Counts& counts) {
      const auto it = counts.find(std::string(name));
      return it == counts.end() ? 0 : it->second;
    };
    return find(previous_) + find(current_);
  }

  double PerSecond(std::string_view name, absl::Time now) {
    const int events = Recent(name, now);
    return events / absl::ToDoubleSeconds(kWindow + (now - started_));
  }

 private:
  static constexpr absl::Duration kWindow = absl::Seconds(5);
  using Counts = absl::flat_hash_map<std::string, int>;

  void Rotate(absl::Time now) {
    if (now - started_ < kWindow) return;
    previous_ = now - started_ < 2 * kWindow ? std::move(current_) : Counts();
    current_.clear();
    started_ = now;
  }

  absl::Time started_ = absl::InfinitePast();
  Counts current_;
  Counts previous_;
};

}  // namespace lmsmail::dispatch
