#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <unordered_set>

#include "absl/status/status.h"

namespace lmsmail::smtp {

// Notifies targets whose deadline has passed. One timer checks all deadlines every tick, because a
// timer per operation would cost more than the operation. A deadline is therefore noticed up to a
// tick late. Confined to the io thread.
class DeadlineTimer {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  class Target {
   public:
    virtual ~Target() = default;
    virtual SteadyTime deadline() const = 0;
    // Must neither add nor remove targets.
    virtual void OnDeadline() = 0;
    virtual void Abort(const absl::Status& reason) = 0;
  };

  DeadlineTimer(boost::asio::io_context& io, std::chrono::milliseconds tick)
      : timer_(io), tick_(tick) {}

  void Add(Target* target);
  void Remove(Target* target);
  // Aborts all targets, and those that are added later.
  void AbortAll(const absl::Status& reason);

 private:
  void ScheduleTick();
  void Tick();

  boost::asio::steady_timer timer_;
  const std::chrono::milliseconds tick_;
  std::unordered_set<Target*> targets_;
  absl::Status abort_reason_;
};

}  // namespace lmsmail::smtp
