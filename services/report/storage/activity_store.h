#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/report/domain/activity.h"

namespace lmsmail::report {

struct RecordedCount {
  int recorded = 0;
  int duplicate = 0;

  bool operator==(const RecordedCount&) const = default;
};

// Facts are only ever added, each id once: the first to come is the one that counts. Thread-safe.
// Every call ends by `deadline`.
class ActivityStore {
 public:
  virtual ~ActivityStore() = default;

  // All or none. Makes courses that are not known yet, without a title. Of the facts about one
  // enrolment, the one with the latest (time, id) holds, in whatever order they come.
  virtual absl::StatusOr<RecordedCount> Record(absl::Span<const Activity> activities,
                                               absl::Time deadline) = 0;

  // Whose enrolment in `course` has begun at `now`: by student, those after `after`.
  virtual absl::StatusOr<std::vector<Enrollment>> ListEnrolled(std::string_view course,
                                                               absl::Time now,
                                                               std::string_view after, int limit,
                                                               absl::Time deadline) = 0;
};

}  // namespace lmsmail::report
