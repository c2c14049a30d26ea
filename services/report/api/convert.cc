#include "services/report/api/convert.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "libs/rpc/time.h"
#include "services/report/domain/course_validation.h"
#include "services/report/domain/resource_names.h"
#include "services/report/domain/weekly_mail.h"

namespace lmsmail::report {
namespace {

std::string DateOf(absl::CivilDay day) {
  return fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}

decltype(Activity::fact) FactFromProto(const v1::Activity& activity, Violations& violations) {
  switch (activity.fact_case()) {
    case v1::Activity::kEnrolled: {
      Enrolled fact;
      if (activity.enrolled().has_start_time()) {
        fact.start_time =
            rpc::FromProto(activity.enrolled().start_time(), "enrolled.start_time", violations);
      }
      return fact;
    }
    case v1::Activity::kUnenrolled:
      return Unenrolled{};
    case v1::Activity::kLessonCompleted:
      return LessonCompleted{activity.lesson_completed().lesson_id(),
                             activity.lesson_completed().lesson_title()};
    case v1::Activity::kWatched:
      return Watched{rpc::FromProto(activity.watched().duration(), "watched.duration", violations)};
    case v1::Activity::kQuizTaken:
      return QuizTaken{activity.quiz_taken().quiz_id(), activity.quiz_taken().passed()};
    case v1::Activity::FACT_NOT_SET:
      break;
  }
  return std::monostate{};
}

Activity FromProto(const v1::Activity& proto, absl::Time now, Violations& violations) {
  Activity activity;
  activity.id = proto.activity_id();
  activity.student = StudentIdFromProto(proto.student(), "student", violations);
  activity.course = CourseIdFromProto(proto.course(), "course", violations);
  activity.time = proto.has_activity_time()
                      ? rpc::FromProto(proto.activity_time(), "activity_time", violations)
                      : now;
  Violations fact_violations;
  activity.fact = FactFromProto(proto, fact_violations);
  // A value that can't be read needs no second opinion.
  if (fact_violations.empty()) CheckActivity(activity, now, fact_violations);
  for (const FieldViolation& fault : fact_violations.list()) {
    violations.Add(fault.field, fault.description);
  }
  return activity;
}

Course FromProto(const v1::Course& proto, Violations& violations) {
  Course course;
  course.id = CourseIdFromProto(proto.name(), "name", violations);
  course.title = proto.title();
  course.url = proto.url();
  course.instructor_name = proto.instructor_name();
  course.lesson_count = proto.lesson_count();
  CheckCourse(course, violations);
  return course;
}

}  // namespace

v1::Course ToProto(const Course& course) {
  v1::Course proto;
  proto.set_name(CourseName(course.id));
  proto.set_title(course.title);
  proto.set_url(course.url);
  proto.set_instructor_name(course.instructor_name);
  proto.set_lesson_count(course.lesson_count);
  *proto.mutable_update_time() = rpc::ToProto(course.update_time);
  return proto;
}

v1::Enrollment ToProto(const Enrollment& enrollment) {
  v1::Enrollment proto;
  proto.set_student(RecipientName(enrollment.student));
  proto.set_course(CourseName(enrollment.course));
  *proto.mutable_enroll_time() = rpc::ToProto(enrollment.enroll_time);
  return proto;
}

v1::WeeklyReportRun ToProto(const WeeklyReportRun& run) {
  v1::WeeklyReportRun proto;
  proto.set_name(RunName(run.week));
  proto.set_state(static_cast<v1::WeeklyReportRun::State>(run.state));
  proto.set_processed_count(run.processed_count);
  proto.set_total_count(run.total_count);
  proto.set_mail_count(run.mail_count);
  proto.set_quiet_count(run.quiet_count);
  proto.set_detail(run.detail);
  *proto.mutable_create_time() = rpc::ToProto(run.create_time);
  if (run.end_time) *proto.mutable_end_time() = rpc::ToProto(*run.end_time);
  proto.set_skip_mail(run.skip_mail);
  return proto;
}

v1::WeeklyReport ToProto(const WeeklyReport& report) {
  v1::WeeklyReport proto;
  proto.set_name(ReportName(report.week, report.student));
  proto.set_student(RecipientName(report.student));
  proto.set_start_date(DateOf(report.week.first_day()));
  proto.set_end_date(DateOf(report.week.last_day()));
  proto.set_lessons_completed(report.LessonsCompleted());
  *proto.mutable_watch_duration() = rpc::ToProto(report.WatchDuration());
  proto.set_quizzes_passed(report.QuizzesPassed());
  proto.set_active_days(report.ActiveDays());
  proto.set_has_activity(report.HasActivity());
  if (report.mail_state == MailState::kHandedOver) {
    proto.set_mail_request_id(WeeklyMailKey(report.week, report.student));
  }
  *proto.mutable_create_time() = rpc::ToProto(report.create_time);
  for (const CourseWeek& course : report.courses) {
    v1::WeeklyReport::CourseProgress& progress = *proto.add_courses();
    progress.set_course(CourseName(course.course));
    progress.set_course_title(course.title);
    progress.set_lessons_completed(course.lessons_completed);
    *progress.mutable_watch_duration() = rpc::ToProto(course.watch_duration);
    progress.set_quizzes_passed(course.quizzes_passed);
    progress.set_total_lessons_completed(course.total_lessons);
    progress.set_progress_percent(course.ProgressPercent());
  }
  return proto;
}

std::vector<Course> CoursesFromProto(const v1::UpsertCoursesRequest& request,
                                     Violations& violations) {
  CheckCount(request.courses().size(), "courses", violations);
  CheckRequestId(request.request_id(), violations);
  std::vector<Course> courses;
  std::set<std::string> ids;
  for (int i = 0; i < request.courses_size(); ++i) {
    Violations nested;
    Course course = FromProto(request.courses(i), nested);
    if (!course.id.empty() && !ids.insert(course.id).second) {
      nested.Add("name", "is in the request twice; give each course once");
    }
    violations.AddNested(fmt::format("courses[{}]", i), nested);
    courses.push_back(std::move(course));
  }
  return courses;
}

std::vector<Activity> ActivitiesFromProto(const v1::RecordActivityRequest& request, absl::Time now,
                                          Violations& violations) {
  CheckCount(request.activities().size(), "activities", violations);
  std::vector<Activity> activities;
  for (int i = 0; i < request.activities_size(); ++i) {
    Violations nested;
    activities.push_back(FromProto(request.activities(i), now, nested));
    violations.AddNested(fmt::format("activities[{}]", i), nested);
  }
  return activities;
}

std::string CourseIdFromProto(std::string_view name, std::string_view field,
                              Violations& violations) {
  if (auto id = ParseCourseName(name)) return *std::move(id);
  violations.Add(std::string(field), resource_name::kCourseNameRule);
  return {};
}

std::string StudentIdFromProto(std::string_view name, std::string_view field,
                               Violations& violations) {
  if (auto id = ParseRecipientName(name)) return *std::move(id);
  violations.Add(std::string(field), resource_name::kRecipientNameRule);
  return {};
}

IsoWeek RunFromProto(std::string_view name, std::string_view field, Violations& violations) {
  if (const auto week = ParseRunName(name)) return *week;
  violations.Add(
      std::string(field),
      "must be weeklyReportRuns/{week} with an ISO 8601 week: weeklyReportRuns/2026-W47");
  return {};
}

std::optional<IsoWeek> WeekFromProto(std::string_view week, Violations& violations) {
  if (week.empty()) return std::nullopt;
  const auto parsed = IsoWeek::Parse(week);
  if (!parsed) violations.Add("week", "must be an ISO 8601 week, as in 2026-W47, or empty");
  return parsed;
}

}  // namespace lmsmail::report
