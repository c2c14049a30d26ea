#include "services/report/api/convert.h"

#include <fmt/format.h>

#include <utility>

#include "libs/hash/sha256.h"
#include "libs/learning/fact_limits.h"
#include "libs/protobuf/deterministic_bytes.h"
#include "libs/protobuf/time.h"
#include "services/report/domain/course_validation.h"
#include "services/report/domain/local_time.h"
#include "services/report/domain/resource_names.h"
#include "services/report/domain/weekly_mail.h"

namespace lmsmail::report {
namespace {

// nullopt for a time that is absent or 0, which LMSs write for "no date".
std::optional<absl::Time> TimeFromProto(const google::protobuf::Timestamp& proto,
                                        std::string_view field, Violations& violations) {
  const absl::Time time = protobuf::FromProto(proto, field, violations);
  if (learning::IsNoDate(time)) return std::nullopt;
  return time;
}

decltype(Activity::event) EventFromProto(const v1::Activity& activity, Violations& violations) {
  switch (activity.event_case()) {
    case v1::Activity::kEnrolled: {
      Enrolled event;
      event.start_time =
          TimeFromProto(activity.enrolled().start_time(), "enrolled.start_time", violations);
      return event;
    }
    case v1::Activity::kUnenrolled:
      return Unenrolled{};
    case v1::Activity::kLessonCompleted:
      return LessonCompleted{activity.lesson_completed().lesson_id(),
                             activity.lesson_completed().lesson_title()};
    case v1::Activity::kWatched:
      return Watched{
          protobuf::FromProto(activity.watched().duration(), "watched.duration", violations)};
    case v1::Activity::kQuizTaken:
      return QuizTaken{activity.quiz_taken().quiz_id(), activity.quiz_taken().passed()};
    case v1::Activity::EVENT_NOT_SET:
      break;
  }
  return std::monostate{};
}

Course CourseFromProto(const v1::Course& proto, Violations& violations) {
  Course course;
  course.id = CourseIdFromProto(proto.name(), "name", violations);
  course.title = proto.title();
  course.url = proto.url();
  course.instructor_name = proto.instructor_name();
  course.lesson_count = proto.lesson_count();
  if (v1::Course::State_IsValid(proto.state())) {
    course.state = static_cast<CourseState>(proto.state());
  } else {
    violations.Add("state", fmt::format("has no value {}", static_cast<int>(proto.state())));
  }
  return course;
}

}  // namespace

Activity FromProto(const v1::Activity& proto, absl::Time now, Violations& violations) {
  Activity activity;
  activity.id = proto.activity_id();
  activity.student = StudentIdFromProto(proto.student(), "student", violations);
  activity.course = CourseIdFromProto(proto.course(), "course", violations);
  activity.time = TimeFromProto(proto.activity_time(), "activity_time", violations).value_or(now);
  activity.arrival_time = TimeFromProto(proto.arrival_time(), "arrival_time", violations);
  v1::Activity told = proto;
  told.clear_arrival_time();
  activity.digest = hash::Digest64(protobuf::DeterministicBytes(told));
  Violations event_violations;
  activity.event = EventFromProto(proto, event_violations);
  // A value that cannot be parsed has one violation only.
  if (event_violations.empty()) CheckActivity(activity, now, event_violations);
  for (const FieldViolation& violation : event_violations.list()) {
    violations.Add(violation.field, violation.description);
  }
  return activity;
}

Course FromProto(const v1::Course& proto, Violations& violations) {
  Course course = CourseFromProto(proto, violations);
  if (course.state == CourseState::kUnspecified) course.state = CourseState::kActive;
  CheckCourse(course, violations);
  return course;
}

CourseFact FromProto(const v1::CourseFact& proto, absl::Time now, Violations& violations) {
  Violations course_violations;
  CourseFact fact{.course = CourseFromProto(proto.course(), course_violations)};
  CheckCourseFact(fact.course, course_violations);
  violations.AddNested("course", course_violations);
  fact.fact_time = TimeFromProto(proto.fact_time(), "fact_time", violations).value_or(now);
  learning::CheckHappened(fact.fact_time, now, "fact_time", violations);
  fact.arrival_time = TimeFromProto(proto.arrival_time(), "arrival_time", violations).value_or(now);
  return fact;
}

v1::Course ToProto(const Course& course) {
  v1::Course proto;
  proto.set_name(CourseName(course.id));
  proto.set_title(course.title);
  proto.set_url(course.url);
  proto.set_instructor_name(course.instructor_name);
  proto.set_lesson_count(course.lesson_count);
  *proto.mutable_update_time() = protobuf::ToProto(course.update_time);
  proto.set_state(static_cast<v1::Course::State>(course.state));
  return proto;
}

v1::Enrollment ToProto(const Enrollment& enrollment) {
  v1::Enrollment proto;
  proto.set_student(RecipientName(enrollment.student));
  proto.set_course(CourseName(enrollment.course));
  *proto.mutable_enroll_time() = protobuf::ToProto(enrollment.enroll_time);
  proto.set_enrolled(true);
  return proto;
}

v1::Enrollment ToProto(std::string_view student, std::string_view course,
                       const Participation& participation) {
  v1::Enrollment proto;
  proto.set_student(RecipientName(student));
  proto.set_course(CourseName(course));
  proto.set_enrolled(participation.enrolled);
  if (participation.enrolled) {
    *proto.mutable_enroll_time() = protobuf::ToProto(participation.enroll_time);
  }
  if (participation.unenroll_time) {
    *proto.mutable_unenroll_time() = protobuf::ToProto(*participation.unenroll_time);
    *proto.mutable_unenroll_arrival_time() = protobuf::ToProto(participation.unenroll_arrival_time);
  }
  if (participation.last_lesson_time) {
    *proto.mutable_last_lesson_time() = protobuf::ToProto(*participation.last_lesson_time);
  }
  return proto;
}

v1::WeeklyReportRun ToProto(const WeeklyReportRun& run) {
  v1::WeeklyReportRun proto;
  proto.set_name(RunName(run.week));
  proto.set_state(static_cast<v1::WeeklyReportRun::State>(run.state));
  proto.set_processed_count(run.processed_count);
  proto.set_total_count(run.total_count);
  proto.set_mail_count(run.mail_count);
  proto.set_inactive_count(run.inactive_count);
  proto.set_detail(run.detail);
  *proto.mutable_create_time() = protobuf::ToProto(run.create_time);
  if (run.end_time) *proto.mutable_end_time() = protobuf::ToProto(*run.end_time);
  proto.set_skip_mail(run.skip_mail);
  proto.set_time_zone(run.time_zone);
  if (run.local_time) proto.set_local_time(FormatLocalTime(*run.local_time));
  return proto;
}

dispatch::v1::MailStats ToProto(const MailStats& stats) {
  dispatch::v1::MailStats proto;
  if (stats.day_time) *proto.mutable_day_time() = protobuf::ToProto(*stats.day_time);
  proto.set_template_(stats.template_name);
  proto.set_sent_count(stats.sent_count);
  proto.set_skipped_count(stats.skipped_count);
  proto.set_failed_count(stats.failed_count);
  proto.set_bounced_count(stats.bounced_count);
  proto.set_opened_count(stats.opened_count);
  proto.set_clicked_count(stats.clicked_count);
  proto.set_dropped_count(stats.dropped_count);
  proto.set_complained_count(stats.complained_count);
  return proto;
}

v1::WeeklyReport ToProto(const WeeklyReport& report) {
  v1::WeeklyReport proto;
  proto.set_name(ReportName(report.week, report.student));
  proto.set_student(RecipientName(report.student));
  proto.set_start_date(absl::FormatCivilTime(report.week.first_day()));
  proto.set_end_date(absl::FormatCivilTime(report.week.last_day()));
  proto.set_lessons_completed(report.LessonsCompleted());
  *proto.mutable_watch_duration() = protobuf::ToProto(report.WatchDuration());
  proto.set_quizzes_passed(report.QuizzesPassed());
  proto.set_active_days(report.ActiveDays());
  proto.set_has_activity(report.HasActivity());
  if (report.mail_state == MailState::kAccepted) {
    proto.set_mail_request_id(WeeklyMailDedupeKey(report.week, report.student));
  }
  *proto.mutable_create_time() = protobuf::ToProto(report.create_time);
  if (report.late != LateActivity()) {
    proto.mutable_late()->set_lessons_completed(report.late.lessons_completed);
    *proto.mutable_late()->mutable_watch_duration() = protobuf::ToProto(report.late.watch_duration);
    proto.mutable_late()->set_quizzes_passed(report.late.quizzes_passed);
  }
  for (const CourseProgress& course : report.courses) {
    v1::WeeklyReport::CourseProgress& progress = *proto.add_courses();
    progress.set_course(CourseName(course.course));
    progress.set_course_title(course.title);
    progress.set_lessons_completed(course.lessons_completed);
    *progress.mutable_watch_duration() = protobuf::ToProto(course.watch_duration);
    progress.set_quizzes_passed(course.quizzes_passed);
    progress.set_total_lessons_completed(course.total_lessons_completed);
    progress.set_progress_percent(course.ProgressPercent());
  }
  return proto;
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
      "must be weeklyReportRuns/{week} with an ISO 8601 week, as in weeklyReportRuns/2026-W47");
  return {};
}

std::optional<IsoWeek> WeekFromProto(std::string_view week, Violations& violations) {
  if (week.empty()) return std::nullopt;
  const auto parsed = IsoWeek::Parse(week);
  if (!parsed) violations.Add("week", "must be an ISO 8601 week, as in 2026-W47, or empty");
  return parsed;
}

MailStatsQuery MailStatsQueryFromProto(const v1::GetMailStatsRequest& request,
                                       Violations& violations) {
  MailStatsQuery query{.template_name = request.template_()};
  if (request.has_start_time()) {
    query.start_time = protobuf::FromProto(request.start_time(), "start_time", violations);
  }
  if (request.has_end_time()) {
    query.end_time = protobuf::FromProto(request.end_time(), "end_time", violations);
  }
  return query;
}

}  // namespace lmsmail::report
