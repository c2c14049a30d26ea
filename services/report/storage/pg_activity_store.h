#pragma once

#include <string_view>
#include <vector>

#include "libs/postgres/pool.h"
#include "services/report/storage/activity_store.h"

namespace lmsmail::report {

class PgActivityStore final : public ActivityStore {
 public:
  explicit PgActivityStore(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::vector<RecordResult>> Record(absl::Span<const Activity> activities,
                                                   absl::Time deadline) override;
  absl::StatusOr<Participation> FindParticipation(std::string_view student, std::string_view course,
                                                  absl::Time deadline) override;
  absl::StatusOr<std::vector<Enrollment>> ListEnrolled(std::string_view course, absl::Time now,
                                                       std::string_view after, int limit,
                                                       absl::Time deadline) override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::report
