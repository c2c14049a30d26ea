#pragma once

#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace lmsmail::lifecycle {

// A thread that calls a function repeatedly, first at once, until stopped. Runs never overlap; an
// interval counts from the end of one run to the start of the next.
class Periodic {
 public:
  // `run` returns how long to wait before its next run; absl::InfiniteDuration() waits for Wake().
  // `name` is the thread's name in top and gdb, truncated to 15 characters.
  Periodic(std::string name, std::function<absl::Duration()> run);
  Periodic(std::string name, absl::Duration interval, std::function<void()> run);
  ~Periodic() { Stop(); }
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;

  // Ends the current wait, or skips the next one. Several calls during one run cause one more run.
  void Wake();

  // Ends the wait, lets a current run finish and joins. Idempotent. Never call it inside `run`.
  void Stop();

 private:
  void Loop(const std::string& name);

  const std::function<absl::Duration()> run_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace lmsmail::lifecycle
