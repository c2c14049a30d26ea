#pragma once

#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/school/school.h"

namespace lmsmail::school {

// Keeps what `source` returned for a minute. While the source fails, the last school known counts
// on, because settings change seldom and mail must go on; without one, the error is returned.
class CachedSchool final : public SchoolSource {
 public:
  // Both must outlive it.
  CachedSchool(SchoolSource& source, const Clock& clock) : source_(source), clock_(clock) {}

  absl::StatusOr<School> Get() override;

  // The school as it is now, for whoever has just changed it.
  void Set(const School& school);

 private:
  SchoolSource& source_;
  const Clock& clock_;
  absl::Mutex mutex_;
  std::optional<School> school_ ABSL_GUARDED_BY(mutex_);
  absl::Time read_time_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace lmsmail::school
