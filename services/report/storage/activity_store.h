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

// Activities are append-only. Only the first activity recorded under an id counts. Thread-safe;
// every call ends by `deadline`.
class ActivityStore {
 public:
  virtual ~ActivityStore() = default;

  // Records all or none. Creates unknown courses, without a title. The activity with the latest
  // (time, id) decides an enrollment, whatever the order in which activities are recorded.
  virtual absl::StatusOr<RecordedCount> Record(absl::Span<const Activity> activities,
                                               absl::Time deadline) = 0;

  // Returns the enrollments in `course` that have begun at `now`, ordered by student, after
  // `after`.
  virtual absl::StatusOr<std::vector<Enrollment>> ListEnrolled(std::string_view course,
                                                               absl::Time now,
                                                               std::string_view after, int limit,
                                                               absl::Time deadline) = 0;
};

}  // namespace lmsmail::report
