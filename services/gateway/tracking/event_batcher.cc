#include "services/gateway/tracking/event_batcher.h"

#include <pthread.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "libs/status/transient.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::gateway {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(50);

telemetry::Counter CounterOf(telemetry::Metrics& metrics, std::string result) {
  return metrics
      .AddCounter("lmsmail_tracking_events_total",
                  "Opens and clicks of mail by result: recorded, duplicate, unknown (not in the "
                  "log), opted_out, dropped (dispatch was away for too long).")
      .With({{"result", std::move(result)}});
}

}  // namespace

EventBatcher::EventBatcher(EventLog& log, const Clock& clock, telemetry::Metrics& metrics,
                           Options options)
    : log_(log),
      clock_(clock),
      options_(options),
      recorded_(CounterOf(metrics, "recorded")),
      duplicate_(CounterOf(metrics, "duplicate")),
      unknown_(CounterOf(metrics, "unknown")),
      opted_out_(CounterOf(metrics, "opted_out")),
      dropped_(CounterOf(metrics, "dropped")) {}

void EventBatcher::Add(ProviderEvent event, Done done) {
  {
    absl::MutexLock lock(&mutex_);
    if (events_.size() < options_.queue && !stopping_) {
      events_.push_back(std::move(event));
      if (!outage_) {
        const std::int64_t number = first_ + static_cast<std::int64_t>(events_.size()) - 1;
        waiters_.push_back({number, clock_.Now() + options_.answer_within, std::move(done)});
        return;
      }
    } else {
      dropped_.Increment();
    }
  }
  done();
}

void EventBatcher::Start() {
  answerer_ = std::make_unique<lifecycle::Periodic>("answerer", kTick, [this] { AnswerOverdue(); });
  recorder_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "recorder");
    Run();
  });
}

void EventBatcher::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (recorder_.joinable()) recorder_.join();
  if (answerer_ != nullptr) answerer_->Stop();
  Waiters waiters;
  {
    absl::MutexLock lock(&mutex_);
    if (!events_.empty()) {
      dropped_.Increment(static_cast<double>(events_.size()));
      telemetry::LogError("opens and clicks are lost", {{"events", events_.size()}});
    }
    first_ += static_cast<std::int64_t>(events_.size());
    events_.clear();
    waiters = TakeWaiters(first_);
  }
  for (Done& done : waiters) done();
}

void EventBatcher::Run() {
  while (true) {
    {
      const auto work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !events_.empty();
      };
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&work));
      if (events_.empty()) return;
    }
    if (RecordBatch()) continue;
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), options_.retry_delay);
    if (stopping_) return;
  }
}

bool EventBatcher::RecordBatch() {
  std::vector<ProviderEvent> batch;
  {
    absl::MutexLock lock(&mutex_);
    const std::size_t size = std::min(events_.size(), options_.batch);
    batch.reserve(size);
    std::copy_n(events_.begin(), size, std::back_inserter(batch));
  }
  if (batch.empty()) return false;
  const absl::StatusOr<EventLog::Counts> counts = log_.Record(batch);
  const bool again = IsTransient(counts.status());
  if (!counts.ok()) {
    static telemetry::LogEvery every(absl::Seconds(10));
    every.Log(
        telemetry::Level::kError,
        again ? "opens and clicks are not recorded yet" : "opens and clicks cannot be recorded",
        {{"events", batch.size()}, {"error", counts.status()}});
  }
  if (counts.ok()) {
    Count(*counts);
  } else if (!again) {
    dropped_.Increment(static_cast<double>(batch.size()));
  }
  Waiters waiters;
  {
    absl::MutexLock lock(&mutex_);
    outage_ = !counts.ok();
    if (!again) {
      events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(batch.size()));
      first_ += static_cast<std::int64_t>(batch.size());
    }
    waiters = TakeWaiters(outage_ ? first_ + static_cast<std::int64_t>(events_.size()) : first_);
  }
  for (Done& done : waiters) done();
  return counts.ok();
}

void EventBatcher::AnswerOverdue() {
  Waiters waiters;
  {
    const absl::Time now = clock_.Now();
    absl::MutexLock lock(&mutex_);
    std::int64_t overdue = -1;
    for (const Waiter& each : waiters_) {
      if (each.deadline > now) break;
      overdue = each.event;
    }
    waiters = TakeWaiters(overdue + 1);
    // Until the batch on its way is recorded, nobody else needs to wait for it.
    outage_ = outage_ || !waiters.empty();
  }
  for (Done& done : waiters) done();
}

EventBatcher::Waiters EventBatcher::TakeWaiters(std::int64_t before) {
  Waiters taken;
  while (!waiters_.empty() && waiters_.front().event < before) {
    taken.push_back(std::move(waiters_.front().done));
    waiters_.pop_front();
  }
  return taken;
}

void EventBatcher::Count(const EventLog::Counts& counts) const {
  recorded_.Increment(counts.recorded);
  duplicate_.Increment(counts.duplicate);
  unknown_.Increment(counts.unknown);
  opted_out_.Increment(counts.opted_out);
}

EventBatchers::EventBatchers(EventLog& log, const Clock& clock, telemetry::Metrics& metrics,
                             int count, EventBatcher::Options options) {
  for (int i = 0; i < count; ++i) {
    batchers_.push_back(std::make_unique<EventBatcher>(log, clock, metrics, options));
  }
}

void EventBatchers::Add(ProviderEvent event, EventBatcher::Done done) {
  const std::size_t choice = std::hash<std::string>()(event.message) % batchers_.size();
  batchers_[choice]->Add(std::move(event), std::move(done));
}

void EventBatchers::Start() {
  for (const auto& each : batchers_) each->Start();
}

void EventBatchers::Stop() {
  for (const auto& each : batchers_) each->Stop();
}

}  // namespace lmsmail::gateway
