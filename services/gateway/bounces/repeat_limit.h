#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"

namespace lmsmail::gateway {

// Counts reports by the mail that they are about, so that whoever got one mail, and with it the
// right to report about it, cannot keep the services busy. Knows the latest `capacity` mails of
// this process. Thread-safe.
class RepeatLimit {
 public:
  struct Options {
    int reports = 10;                        // of one mail within the period
    absl::Duration period = absl::Hours(1);  // from the first one on
    std::size_t capacity = 100'000;
  };
  // `clock` must outlive this.
  RepeatLimit(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  // Whether the mail had its reports.
  bool IsReached(std::string_view mail);
  // Call it when a report needs no repetition: what an outage makes a mail server repeat is one.
  void Count(std::string_view mail);

 private:
  void Forget(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  const Options options_;
  absl::Mutex mutex_;
  std::unordered_map<std::string, int> counts_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::pair<absl::Time, std::string>> order_ ABSL_GUARDED_BY(mutex_);  // by first report
};

}  // namespace lmsmail::gateway
