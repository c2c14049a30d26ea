#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

// Work that a clean shutdown waits for.
namespace lmsmail::lifecycle {

class Activities;

// Held while the work runs. Movable; its Activities must outlive it.
class Activity {
 public:
  Activity() = default;
  Activity(Activity&& other) noexcept : Activity() { swap(other); }
  Activity& operator=(Activity&& other) noexcept {
    Activity(std::move(other)).swap(*this);
    return *this;
  }
  ~Activity();

 private:
  friend class Activities;
  using Running = std::map<std::string, int64_t, std::less<>>;
  Activity(Activities* owner, Running::iterator entry) : owner_(owner), entry_(entry) {}
  void swap(Activity& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(entry_, other.entry_);
  }

  Activities* owner_ = nullptr;
  Running::iterator entry_;
};

// Counts the running activities by label. Thread-safe.
class Activities {
 public:
  // UNAVAILABLE once shutting down. `label` says what runs ("rpc Send", "batch"): few distinct
  // ones.
  absl::StatusOr<Activity> Start(std::string_view label);

  // From here on Start() refuses.
  void BeginShutdown();
  bool shutting_down() const;

  // Begins the shutdown and waits until nothing runs; DEADLINE_EXCEEDED, naming what still runs,
  // after `timeout`.
  absl::Status Drain(absl::Duration timeout);

  // Label and count of what runs now, in the order of labels.
  std::vector<std::pair<std::string, int64_t>> running() const;

 private:
  friend class Activity;
  void Finish(Activity::Running::iterator entry);

  mutable absl::Mutex mutex_;
  bool shutting_down_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t total_ ABSL_GUARDED_BY(mutex_) = 0;
  Activity::Running running_ ABSL_GUARDED_BY(mutex_);  // labels stay when their count falls to 0
};

}  // namespace lmsmail::lifecycle
