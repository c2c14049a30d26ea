#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/report/domain/activity.h"

namespace lmsmail::report {

enum class RecordResult {
  kRecorded,
  kDuplicate,  // the id is known with the same digest
  kConflict,   // the id is known with another digest
};

// Activities are append-only. Only the first activity recorded under an id counts. Thread-safe;
// every call ends by `deadline`.
class ActivityStore {
 public:
  virtual ~ActivityStore() = default;

  // Records those whose ids are new; returns one result each, in order. Creates unknown courses,
  // without a title. The activity with the latest (time, arrival_time) decides an enrollment,
  // whatever the order in which activities are recorded.
  virtual absl::StatusOr<std::vector<RecordResult>> Record(absl::Span<const Activity> activities,
                                                           absl::Time deadline) = 0;

  // What is known of `student` in `course`; nothing is known of unknown ones.
  virtual absl::StatusOr<Participation> FindParticipation(std::string_view student,
                                                          std::string_view course,
                                                          absl::Time deadline) = 0;

  // Returns the enrollments in `course` that have begun at `now`, ordered by student, after
  // `after`. None when the course is not active.
  virtual absl::StatusOr<std::vector<Enrollment>> ListEnrolled(std::string_view course,
                                                               absl::Time now,
                                                               std::string_view after, int limit,
                                                               absl::Time deadline) = 0;
};

}  // namespace lmsmail::report
