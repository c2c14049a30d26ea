#pragma once

#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/status/error_details.h"
#include "services/preference/storage/school_store.h"

namespace lmsmail::preference {

// A store for tests. Ignores deadlines.
class InMemorySchoolStore final : public SchoolStore {
 public:
  absl::StatusOr<school::School> Initialize(const school::School& school, absl::Time) override {
    absl::MutexLock lock(&mutex_);
    if (!school_) school_ = school;
    return *school_;
  }
  absl::StatusOr<school::School> Get(absl::Time) override {
    absl::MutexLock lock(&mutex_);
    if (!school_) return NotFound("school");
    return *school_;
  }
  absl::Status Update(const school::School& school, absl::Time) override {
    absl::MutexLock lock(&mutex_);
    if (!school_ || school_->revision + 1 != school.revision) return EtagMismatch("school");
    school_ = school;
    return absl::OkStatus();
  }

 private:
  absl::Mutex mutex_;
  std::optional<school::School> school_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::preference
