#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/lifecycle/periodic.h"
#include "libs/telemetry/metrics.h"
#include "services/gateway/webhooks/provider_event.h"

namespace lmsmail::gateway {

// Records events in batches: while one batch is on its way, the next one gathers, so that a request
// costs no call of its own and waits for no timer. Who waits is answered when the event is durable,
// or after a short time whatever happens, because a student who follows a link must not wait for an
// outage of ours. During an outage nobody waits, and events are kept until the queue is full.
// Thread-safe.
class EventBatcher {
 public:
  struct Options {
    std::size_t queue = 20'000;  // events, at about 250 octets each
    std::size_t batch = 1000;
    absl::Duration answer_within = absl::Milliseconds(300);
    absl::Duration retry_delay = absl::Seconds(1);
  };
  // Called once, on any thread. Must be quick.
  using Done = absl::AnyInvocable<void()>;

  // All must outlive this.
  EventBatcher(EventLog& log, const Clock& clock, telemetry::Metrics& metrics, Options options);
  ~EventBatcher() { Stop(); }

  // An event that finds the queue full is dropped.
  void Add(ProviderEvent event, Done done);

  void Start();
  // Tries once more to record what is queued. Idempotent.
  void Stop();

  // The steps that the threads take; for tests, instead of Start(). False if nothing was recorded.
  bool RecordBatch();
  void AnswerOverdue();

 private:
  struct Waiter {
    std::int64_t event;  // its number
    absl::Time deadline;
    Done done;
  };
  using Waiters = std::vector<Done>;

  void Run();
  // Of the events with a lower number.
  Waiters TakeWaiters(std::int64_t before) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Count(const EventLog::Counts& counts) const;

  EventLog& log_;
  const Clock& clock_;
  const Options options_;
  const telemetry::Counter recorded_, duplicate_, unknown_, opted_out_, dropped_;

  absl::Mutex mutex_;
  std::deque<ProviderEvent> events_ ABSL_GUARDED_BY(mutex_);
  std::int64_t first_ ABSL_GUARDED_BY(mutex_) = 0;      // the number of the first of events_
  std::deque<Waiter> waiters_ ABSL_GUARDED_BY(mutex_);  // in the order of their events
  bool outage_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread recorder_;
  std::unique_ptr<lifecycle::Periodic> answerer_;
};

// Several batchers, so that PostgreSQL and the gateway need not wait for each other. The events of
// one mail are recorded one after the other, because dispatch judges each by those before it.
class EventBatchers {
 public:
  EventBatchers(EventLog& log, const Clock& clock, telemetry::Metrics& metrics, int count,
                EventBatcher::Options options);

  void Add(ProviderEvent event, EventBatcher::Done done);
  void Start();
  void Stop();

 private:
  std::vector<std::unique_ptr<EventBatcher>> batchers_;
};

}  // namespace lmsmail::gateway
