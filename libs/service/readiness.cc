#include "libs/service/readiness.h"

#include <utility>

#include "libs/status/transient.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::service {

Readiness::Readiness(Callbacks callbacks, absl::Duration interval, absl::Duration probe_timeout)
    : callbacks_(std::move(callbacks)),
      interval_(interval),
      probe_timeout_(probe_timeout),
      periodic_("readiness", [this] { return Step(); }) {}

void Readiness::Stop() {
  periodic_.Stop();
  if (probing_.valid()) probing_.wait();
}

absl::Status Readiness::error() const {
  absl::MutexLock lock(&mutex_);
  return error_;
}

absl::Duration Readiness::Step() {
  if (!prepared_ && !Prepare()) {
    return error().ok() ? interval_ : absl::InfiniteDuration();
  }
  Update(Probe());
  return interval_;
}

absl::Status Readiness::Probe() {
  if (!probing_.valid()) probing_ = std::async(std::launch::async, callbacks_.probe);
  if (probing_.wait_for(absl::ToChronoNanoseconds(probe_timeout_)) != std::future_status::ready) {
    return absl::DeadlineExceededError("the probe has not returned");
  }
  return probing_.get();
}

bool Readiness::Prepare() {
  const absl::Status status = callbacks_.prepare();
  if (status.ok()) {
    prepared_ = true;
    callbacks_.prepared();
  } else if (IsTransient(status)) {
    if (status != waits_for_) {
      telemetry::LogWarning("waiting for the database", {{"error", status}});
    }
    waits_for_ = status;
  } else {
    {
      absl::MutexLock lock(&mutex_);
      error_ = status;
    }
    callbacks_.failed();
  }
  return prepared_;
}

void Readiness::Update(const absl::Status& database) {
  if (database.ok() == ready_) return;
  ready_ = database.ok();
  if (ready_) {
    telemetry::LogInfo("serving");
  } else {
    telemetry::LogWarning("not serving: the database is unavailable", {{"error", database}});
  }
  callbacks_.changed(ready_);
}

}  // namespace lmsmail::service
