#include "services/report/storage/in_memory_report_store.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <variant>

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/report/domain/resource_names.h"

namespace lmsmail::report {

absl::StatusOr<std::vector<Course>> InMemoryReportStore::Upsert(absl::Span<const Course> courses,
                                                                absl::Time now, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<Course> stored;
  for (Course course : courses) {
    const auto found = courses_.find(course.id);
    course.update_time = found == courses_.end() ? now : found->second.update_time;
    if (found == courses_.end() || !(found->second == course)) course.update_time = now;
    stored.push_back(courses_[course.id] = course);
    for (const char* field : {"title", "url", "instructor_name", "lesson_count", "state"}) {
      Told& told = course_told_[{course.id, field}];
      told = std::max(told, {now, now});
    }
  }
  return stored;
}

absl::Status InMemoryReportStore::Merge(absl::Span<const CourseFact> facts, absl::Time now,
                                        absl::Time) {
  absl::MutexLock lock(&mutex_);
  for (const CourseFact& fact : facts) {
    Course& course =
        courses_.try_emplace(fact.course.id, Course{.id = fact.course.id, .update_time = now})
            .first->second;
    const auto merge = [&](const char* field, bool says, const auto& value, auto& stored) {
      mutex_.AssertHeld();
      const Told told{fact.fact_time, fact.arrival_time};
      const auto [known, is_new] = course_told_.try_emplace({course.id, field}, told);
      if (!says || (!is_new && known->second >= told)) {
        if (is_new) course_told_.erase(known);
        return;
      }
      known->second = told;
      if (stored != value) course.update_time = now;
      stored = value;
    };
    const Course& known = fact.course;
    merge("title", !known.title.empty(), known.title, course.title);
    merge("url", !known.url.empty(), known.url, course.url);
    merge("instructor_name", !known.instructor_name.empty(), known.instructor_name,
          course.instructor_name);
    merge("lesson_count", known.lesson_count > 0, known.lesson_count, course.lesson_count);
    merge("state", known.state != CourseState::kUnspecified, known.state, course.state);
  }
  return absl::OkStatus();
}

bool InMemoryReportStore::IsActive(const std::string& course) const {
  const auto found = courses_.find(course);
  return found != courses_.end() && found->second.state == CourseState::kActive;
}

absl::StatusOr<Course> InMemoryReportStore::Get(std::string_view id, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = courses_.find(id);
  if (found == courses_.end()) return NotFound(CourseName(id));
  return found->second;
}

absl::StatusOr<std::vector<Course>> InMemoryReportStore::List(std::string_view after, int limit,
                                                              absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<Course> page;
  for (auto it = courses_.upper_bound(after); it != courses_.end() && std::ssize(page) < limit;
       ++it) {
    page.push_back(it->second);
  }
  return page;
}

absl::StatusOr<std::vector<RecordResult>> InMemoryReportStore::Record(
    absl::Span<const Activity> activities, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<RecordResult> results;
  for (const Activity& activity : activities) {
    const auto [known, is_new] = activities_.emplace(activity.id, activity);
    if (!is_new) {
      results.push_back(known->second.digest == activity.digest ? RecordResult::kDuplicate
                                                                : RecordResult::kConflict);
      continue;
    }
    results.push_back(RecordResult::kRecorded);
    last_arrival_ = std::max(absl::Now(), last_arrival_ + absl::Microseconds(1));
    if (!activity.arrival_time) known->second.arrival_time = last_arrival_;
    courses_.try_emplace(activity.course, Course{.id = activity.course});
    activity_records_[activity.id] = ++last_record_;
    const auto* enrolled = std::get_if<Enrolled>(&activity.event);
    if (enrolled != nullptr || std::holds_alternative<Unenrolled>(activity.event)) {
      EnrollmentState state{.enrolled = enrolled != nullptr,
                            .enroll_time = activity.time,
                            .told = {activity.time, *known->second.arrival_time}};
      if (enrolled != nullptr && enrolled->start_time) state.enroll_time = *enrolled->start_time;
      const auto [held, added] =
          enrollments_.try_emplace({activity.student, activity.course}, state);
      if (!added && held->second.told < state.told) held->second = state;
    }
    if (const auto* lesson = std::get_if<LessonCompleted>(&activity.event)) {
      const auto [first, added] = completions_.try_emplace(
          {activity.student, activity.course, lesson->lesson_id}, activity.time);
      completion_records_.try_emplace(first->first, last_record_);
      if (!added) first->second = std::min(first->second, activity.time);
    }
  }
  return results;
}

absl::StatusOr<Participation> InMemoryReportStore::FindParticipation(std::string_view student,
                                                                     std::string_view course,
                                                                     absl::Time) {
  absl::MutexLock lock(&mutex_);
  Participation found;
  const auto state = enrollments_.find({std::string(student), std::string(course)});
  if (state != enrollments_.end() && state->second.enrolled && IsActive(std::string(course))) {
    found.enrolled = true;
    found.enroll_time = state->second.enroll_time;
  }
  for (const auto& [id, activity] : activities_) {
    if (activity.student != student || activity.course != course) continue;
    if (std::holds_alternative<LessonCompleted>(activity.event)) {
      found.last_lesson_time =
          std::max(found.last_lesson_time.value_or(activity.time), activity.time);
    }
    const Told told{activity.time, *activity.arrival_time};
    if (std::holds_alternative<Unenrolled>(activity.event) &&
        (!found.unenroll_time || Told(*found.unenroll_time, found.unenroll_arrival_time) < told)) {
      std::tie(found.unenroll_time, found.unenroll_arrival_time) = told;
    }
  }
  return found;
}

absl::StatusOr<std::vector<Enrollment>> InMemoryReportStore::ListEnrolled(std::string_view course,
                                                                          absl::Time now,
                                                                          std::string_view after,
                                                                          int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<Enrollment> page;
  for (const auto& [key, state] : enrollments_) {
    if (std::ssize(page) == limit) break;
    if (key.second != course || key.first <= after || !IsActive(key.second)) continue;
    if (state.enrolled && state.enroll_time <= now) {
      page.push_back({key.first, key.second, state.enroll_time});
    }
  }
  return page;
}

absl::StatusOr<WeeklyReportRun*> InMemoryReportStore::FindRun(const IsoWeek& week) {
  const auto found = runs_.find(week);
  if (found == runs_.end()) return NotFound(RunName(week));
  return &found->second;
}

absl::StatusOr<WeeklyReportRun> InMemoryReportStore::RequestRun(const RunRequest& request,
                                                                absl::Time now, absl::Time) {
  absl::MutexLock lock(&mutex_);
  WeeklyReportRun& run =
      runs_
          .try_emplace(request.week, WeeklyReportRun{.week = request.week,
                                                     .skip_mail = request.skip_mail,
                                                     .create_time = now,
                                                     .time_zone = request.time_zone,
                                                     .local_time = request.local_time})
          .first->second;
  ApplyRequest(run, request.skip_mail, now);
  return run;
}

absl::StatusOr<WeeklyReportRun> InMemoryReportStore::GetRun(const IsoWeek& week, absl::Time) {
  absl::MutexLock lock(&mutex_);
  LMSMAIL_ASSIGN_OR_RETURN(const WeeklyReportRun* run, FindRun(week));
  return *run;
}

absl::StatusOr<std::vector<WeeklyReportRun>> InMemoryReportStore::ListRuns(
    std::optional<IsoWeek> before, int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<WeeklyReportRun> page;
  for (auto it = runs_.rbegin(); it != runs_.rend() && std::ssize(page) < limit; ++it) {
    if (!before || it->first < *before) page.push_back(it->second);
  }
  return page;
}

absl::StatusOr<WeeklyReportRun> InMemoryReportStore::ChangeRun(const IsoWeek& week, Change change,
                                                               absl::Time) {
  absl::MutexLock lock(&mutex_);
  LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun * run, FindRun(week));
  WeeklyReportRun changed = *run;
  LMSMAIL_RETURN_IF_ERROR(change(changed));
  return *run = changed;
}

absl::StatusOr<std::optional<WeeklyReportRun>> InMemoryReportStore::ClaimRun(absl::Time now,
                                                                             absl::Time) {
  absl::MutexLock lock(&mutex_);
  for (auto& [week, run] : runs_) {
    if (!IsClaimable(run, now)) continue;
    Claim(run, now);
    return run;
  }
  return std::nullopt;
}

absl::StatusOr<std::int64_t> InMemoryReportStore::CountStudents(const Students& students,
                                                                absl::Time) {
  absl::MutexLock lock(&mutex_);
  return std::ssize(IdsOf(students));
}

absl::StatusOr<WeeklyReportRun> InMemoryReportStore::GenerateReports(const IsoWeek& week,
                                                                     std::int64_t fence,
                                                                     const Students& students,
                                                                     int limit, absl::Time now,
                                                                     absl::Time) {
  absl::MutexLock lock(&mutex_);
  LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun * run, FindRun(week));
  LMSMAIL_RETURN_IF_ERROR(CheckHeld(*run, fence));
  int made = 0;
  for (const std::string& student : IdsOf(students)) {
    if (student <= run->cursor || reports_.contains({week, student})) continue;
    if (++made > limit) break;
    const WeeklyReport report = Generate(week, student, students.days, now);
    if (!report.HasActivity()) ++run->inactive_count;
    ++run->processed_count;
    run->cursor = student;
  }
  Renew(*run, now);
  return *run;
}

absl::StatusOr<WeeklyReportRun> InMemoryReportStore::RegenerateReports(
    const IsoWeek& week, absl::Span<const std::string> ids, const Students& students,
    bool skip_mail, absl::Time now, absl::Time) {
  absl::MutexLock lock(&mutex_);
  LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun * run, FindRun(week));
  LMSMAIL_RETURN_IF_ERROR(Reopen(*run, skip_mail, now));
  for (const std::string& student : IdsOf(students)) {
    if (std::find(ids.begin(), ids.end(), student) != ids.end()) {
      Generate(week, student, students.days, now);
    }
  }
  run->processed_count = 0;
  run->inactive_count = 0;
  for (const auto& [key, report] : reports_) {
    if (key.first != week) continue;
    ++run->processed_count;
    run->inactive_count += report.HasActivity() ? 0 : 1;
  }
  return *run;
}

WeeklyReport InMemoryReportStore::Generate(const IsoWeek& week, const std::string& student,
                                           absl::Span<const absl::Time> days, absl::Time now) {
  WeeklyReport report{.week = week, .student = student, .create_time = now};
  report.courses = ProgressOf(student, days);
  report.late = LateActivityOf(student, week, days.front());
  const auto known = reports_.find({week, student});
  if (known != reports_.end() && known->second.mail_state == MailState::kAccepted) {
    report.mail_state = MailState::kAccepted;
  }
  reports_[{week, student}] = report;
  report_records_[{week, student}] = last_record_;
  return report;
}

LateActivity InMemoryReportStore::LateActivityOf(std::string_view student, const IsoWeek& week,
                                                 absl::Time before) const {
  LateActivity late;
  std::optional<int> last_report;
  for (const auto& [key, record] : report_records_) {
    if (key.first < week && key.second == student) last_report = record;
  }
  if (!last_report) return late;
  const auto is_late = [&](absl::Time time, int record) {
    return time >= before - kMaxLateness && time < before && record > *last_report;
  };
  for (const auto& [key, time] : completions_) {
    if (std::get<0>(key) == student && is_late(time, completion_records_.at(key))) {
      ++late.lessons_completed;
    }
  }
  std::set<std::pair<std::string, std::string>> passed;
  for (const auto& [id, activity] : activities_) {
    if (activity.student != student || !is_late(activity.time, activity_records_.at(id))) continue;
    if (const auto* watched = std::get_if<Watched>(&activity.event)) {
      late.watch_duration += watched->duration;
    }
    if (const auto* quiz = std::get_if<QuizTaken>(&activity.event); quiz && quiz->passed) {
      passed.emplace(activity.course, quiz->quiz_id);
    }
  }
  late.quizzes_passed = static_cast<std::int32_t>(passed.size());
  return late;
}

absl::StatusOr<std::vector<WeeklyReport>> InMemoryReportStore::ListUnsent(const IsoWeek& week,
                                                                          int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<WeeklyReport> unsent;
  for (const auto& [key, report] : reports_) {
    if (std::ssize(unsent) == limit) break;
    if (key.first == week && report.HasActivity() && report.mail_state == MailState::kUnsent) {
      unsent.push_back(report);
    }
  }
  return unsent;
}

absl::StatusOr<WeeklyReportRun> InMemoryReportStore::RecordMail(
    const IsoWeek& week, absl::Span<const MailOutcome> outcomes, absl::Time) {
  absl::MutexLock lock(&mutex_);
  LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun * run, FindRun(week));
  int accepted = 0;
  int rejected = 0;
  std::string last_rejection;
  for (const MailOutcome& outcome : outcomes) {
    const auto found = reports_.find({week, outcome.student});
    if (found == reports_.end() || found->second.mail_state != MailState::kUnsent) continue;
    found->second.mail_state = outcome.accepted ? MailState::kAccepted : MailState::kRejected;
    ++(outcome.accepted ? accepted : rejected);
    if (!outcome.accepted) last_rejection = outcome.student + ": " + outcome.rejection;
  }
  CountMail(*run, accepted, rejected, last_rejection);
  return *run;
}

absl::StatusOr<WeeklyReport> InMemoryReportStore::GetReport(const IsoWeek& week,
                                                            std::string_view student, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = reports_.find({week, std::string(student)});
  if (found == reports_.end()) {
    return NotFound(ReportName(week, student));
  }
  return found->second;
}

absl::StatusOr<std::vector<WeeklyReport>> InMemoryReportStore::ListReports(const ReportQuery& query,
                                                                           absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<WeeklyReport> page;
  for (const auto& [key, report] : reports_) {
    const auto& [week, student] = key;
    if (!query.student.empty() && student != query.student) continue;
    if (query.week && (week != *query.week || student <= query.after_student)) continue;
    if (query.before_week && week >= *query.before_week) continue;
    page.push_back(report);
  }
  if (!query.week) std::reverse(page.begin(), page.end());
  if (std::ssize(page) > query.limit) page.resize(static_cast<std::size_t>(query.limit));
  return page;
}

absl::StatusOr<StudentProgress> InMemoryReportStore::GetStudentProgress(std::string_view student,
                                                                        const IsoWeek& week,
                                                                        const Students& students,
                                                                        absl::Time) {
  absl::MutexLock lock(&mutex_);
  const std::vector<std::string> ids = IdsOf(students);
  return StudentProgress{.gets_report = std::binary_search(ids.begin(), ids.end(), student),
                         .courses = ProgressOf(student, students.days),
                         .late = LateActivityOf(student, week, students.days.front())};
}

std::vector<std::string> InMemoryReportStore::IdsOf(const Students& students) const {
  std::set<std::string> ids;
  for (const auto& [key, state] : enrollments_) {
    const bool left = students.also_left && !state.enrolled &&
                      state.told.first >= students.days.front() &&
                      !ProgressOf(key.first, students.days).empty();
    if (left || (state.enrolled && state.enroll_time < students.days.back())) ids.insert(key.first);
  }
  return {ids.begin(), ids.end()};
}

std::vector<CourseProgress> InMemoryReportStore::ProgressOf(
    std::string_view student, absl::Span<const absl::Time> days) const {
  const auto in_week = [&](absl::Time time) { return time >= days.front() && time < days.back(); };
  std::map<std::string, CourseProgress> weeks;
  std::set<std::pair<std::string, std::string>> passed;
  for (const auto& [id, activity] : activities_) {
    const bool learning = !std::holds_alternative<Enrolled>(activity.event) &&
                          !std::holds_alternative<Unenrolled>(activity.event);
    if (activity.student != student || !learning || !in_week(activity.time)) continue;
    CourseProgress& week = weeks[activity.course];
    const auto day = std::upper_bound(days.begin(), days.end(), activity.time) - days.begin() - 1;
    week.active_days |= static_cast<std::uint8_t>(1 << day);
    if (const auto* watched = std::get_if<Watched>(&activity.event)) {
      week.watch_duration += watched->duration;
    }
    if (const auto* quiz = std::get_if<QuizTaken>(&activity.event);
        quiz != nullptr && quiz->passed) {
      week.quizzes_passed += passed.emplace(activity.course, quiz->quiz_id).second;
    }
  }
  std::vector<CourseProgress> courses;
  for (auto& [id, week] : weeks) {
    const Course& course = courses_.at(id);
    week.course = id;
    week.title = course.title;
    week.url = course.url;
    week.lesson_count = course.lesson_count;
    for (const auto& [key, time] : completions_) {
      if (std::get<0>(key) != student || std::get<1>(key) != id || time >= days.back()) continue;
      ++week.total_lessons_completed;
      week.lessons_completed += in_week(time);
    }
    courses.push_back(std::move(week));
  }
  SortByActivity(courses);
  return courses;
}

}  // namespace lmsmail::report
