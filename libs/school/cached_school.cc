#include "libs/school/cached_school.h"

namespace lmsmail::school {
namespace {

constexpr absl::Duration kMaxAge = absl::Minutes(1);
constexpr absl::Duration kRetryAfter = absl::Seconds(5);

}  // namespace

absl::StatusOr<School> CachedSchool::Get() {
  const absl::Time now = clock_.Now();
  {
    absl::MutexLock lock(&mutex_);
    if (school_ && now - read_time_ < kMaxAge) return *school_;
  }
  // Without the lock: callers must not wait for each other's calls.
  const absl::StatusOr<School> read = source_.Get();
  absl::MutexLock lock(&mutex_);
  if (read.ok()) {
    // A call that began earlier must not replace what Set() stored meanwhile.
    if (!school_ || read->revision >= school_->revision) school_ = *read;
    read_time_ = now;
    return *school_;
  }
  if (!school_) return read.status();
  read_time_ = now - kMaxAge + kRetryAfter;
  return *school_;
}

void CachedSchool::Set(const School& school) {
  absl::MutexLock lock(&mutex_);
  if (school_ && school_->revision > school.revision) return;
  school_ = school;
  read_time_ = clock_.Now();
}

}  // namespace lmsmail::school
