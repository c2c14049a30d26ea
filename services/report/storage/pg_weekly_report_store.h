#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "libs/postgres/pool.h"
#include "services/report/storage/weekly_report_store.h"

namespace lmsmail::report {

class PgWeeklyReportStore final : public WeeklyReportStore {
 public:
  explicit PgWeeklyReportStore(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<WeeklyReportRun> RequestRun(const RunRequest& request, absl::Time now,
                                             absl::Time deadline) override;
  absl::StatusOr<WeeklyReportRun> GetRun(const IsoWeek& week, absl::Time deadline) override;
  absl::StatusOr<std::vector<WeeklyReportRun>> ListRuns(std::optional<IsoWeek> before, int limit,
                                                        absl::Time deadline) override;
  absl::StatusOr<WeeklyReportRun> ChangeRun(const IsoWeek& week, Change change,
                                            absl::Time deadline) override;
  absl::StatusOr<std::optional<WeeklyReportRun>> ClaimRun(absl::Time now,
                                                          absl::Time deadline) override;
  absl::StatusOr<std::int64_t> CountStudents(const Students& students,
                                             absl::Time deadline) override;
  absl::StatusOr<WeeklyReportRun> GenerateReports(const IsoWeek& week, std::int64_t fence,
                                                  const Students& students, int limit,
                                                  absl::Time now, absl::Time deadline) override;
  absl::StatusOr<WeeklyReportRun> RegenerateReports(const IsoWeek& week,
                                                    absl::Span<const std::string> ids,
                                                    const Students& students, bool skip_mail,
                                                    absl::Time now, absl::Time deadline) override;
  absl::StatusOr<std::vector<WeeklyReport>> ListUnsent(const IsoWeek& week, int limit,
                                                       absl::Time deadline) override;
  absl::StatusOr<WeeklyReportRun> RecordMail(const IsoWeek& week,
                                             absl::Span<const MailOutcome> outcomes,
                                             absl::Time deadline) override;
  absl::StatusOr<WeeklyReport> GetReport(const IsoWeek& week, std::string_view student,
                                         absl::Time deadline) override;
  absl::StatusOr<std::vector<WeeklyReport>> ListReports(const ReportQuery& query,
                                                        absl::Time deadline) override;
  absl::StatusOr<StudentProgress> GetStudentProgress(std::string_view student, const IsoWeek& week,
                                                     const Students& students,
                                                     absl::Time deadline) override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::report
