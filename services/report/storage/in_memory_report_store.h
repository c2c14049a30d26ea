#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "services/report/storage/activity_store.h"
#include "services/report/storage/course_store.h"
#include "services/report/storage/weekly_report_store.h"

namespace lmsmail::report {

// Implements all three stores, since reports are generated from courses and activities. For tests.
class InMemoryReportStore : public CourseStore, public ActivityStore, public WeeklyReportStore {
 public:
  absl::StatusOr<std::vector<Course>> Upsert(absl::Span<const Course> courses, absl::Time now,
                                             absl::Time deadline) override;
  absl::Status Merge(absl::Span<const CourseFact> facts, absl::Time now,
                     absl::Time deadline) override;
  absl::StatusOr<Course> Get(std::string_view id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Course>> List(std::string_view after, int limit,
                                           absl::Time deadline) override;

  absl::StatusOr<std::vector<RecordResult>> Record(absl::Span<const Activity> activities,
                                                   absl::Time deadline) override;
  absl::StatusOr<Participation> FindParticipation(std::string_view student, std::string_view course,
                                                  absl::Time deadline) override;
  absl::StatusOr<std::vector<Enrollment>> ListEnrolled(std::string_view course, absl::Time now,
                                                       std::string_view after, int limit,
                                                       absl::Time deadline) override;

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
  using Told = std::pair<absl::Time, absl::Time>;  // when it was so, and when that was told
  struct EnrollmentState {
    bool enrolled = false;
    absl::Time enroll_time;
    Told told;
  };
  using StudentAndCourse = std::pair<std::string, std::string>;
  using WeekAndStudent = std::pair<IsoWeek, std::string>;

  bool IsActive(const std::string& course) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<WeeklyReportRun*> FindRun(const IsoWeek& week)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Sorted.
  std::vector<std::string> IdsOf(const Students& students) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  WeeklyReport Generate(const IsoWeek& week, const std::string& student,
                        absl::Span<const absl::Time> days, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  LateActivity LateActivityOf(std::string_view student, const IsoWeek& week,
                              absl::Time before) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<CourseProgress> ProgressOf(std::string_view student,
                                         absl::Span<const absl::Time> days) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<std::string, Course, std::less<>> courses_ ABSL_GUARDED_BY(mutex_);
  // By course and field.
  std::map<std::pair<std::string, std::string>, Told> course_told_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Activity, std::less<>> activities_ ABSL_GUARDED_BY(mutex_);
  absl::Time last_arrival_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::map<StudentAndCourse, EnrollmentState> enrollments_ ABSL_GUARDED_BY(mutex_);
  // The first completion, by student, course and lesson.
  std::map<std::tuple<std::string, std::string, std::string>, absl::Time> completions_
      ABSL_GUARDED_BY(mutex_);
  std::map<IsoWeek, WeeklyReportRun> runs_ ABSL_GUARDED_BY(mutex_);
  std::map<WeekAndStudent, WeeklyReport> reports_ ABSL_GUARDED_BY(mutex_);
  // The order in which activities were recorded and reports generated, by the activity's id, the
  // completion's key and the report's.
  int last_record_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, int, std::less<>> activity_records_ ABSL_GUARDED_BY(mutex_);
  std::map<std::tuple<std::string, std::string, std::string>, int> completion_records_
      ABSL_GUARDED_BY(mutex_);
  std::map<WeekAndStudent, int> report_records_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::report
