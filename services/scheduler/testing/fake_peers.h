#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"

#include "libs/protobuf/deterministic_bytes.h"
#include "libs/status/error_details.h"
#include "services/scheduler/automations/mail_sender.h"
#include "services/scheduler/automations/template_check.h"
#include "services/scheduler/domain/report_service.h"
#include "services/scheduler/domain/student_directory.h"
#include "services/scheduler/schedules/queue_maintenance.h"
#include "services/scheduler/schedules/weekly_reports.h"

// Fakes of the other services. They record their calls, and return `error` unless it is OK. Not
// thread-safe.
namespace lmsmail::scheduler {

class FakeDispatch final : public MailSender, public TemplateCheck, public QueueMaintenance {
 public:
  struct Mail {
    std::string request_id;
    std::string student;
    MailContent content;
  };
  struct Batch {
    std::string request_id;
    MailContent content;
    std::vector<BatchRecipient> recipients;
  };

  absl::Status error;
  absl::Status cancel_error;
  std::string rejected_student;           // whose mail in a batch is rejected
  std::vector<std::string> required;      // fields of "course" that templates need
  std::set<std::string> known_templates;  // empty: all
  std::vector<Mail> sent;
  std::vector<Batch> batches;
  std::vector<std::string> cancelled;
  int sweeps = 0;
  std::vector<absl::Duration> purges;

  absl::Status Validate(const std::string&, const std::string&,
                        const MailContent& content) override {
    if (!error.ok()) return error;
    Violations violations;
    const auto course = content.context.fields().find("course");
    for (const std::string& field : required) {
      if (course == content.context.fields().end() ||
          !course->second.struct_value().fields().contains(field)) {
        violations.Add("context.course." + field, "is required");
      }
    }
    return violations.ToStatus();
  }

  absl::Status CheckTemplate(const std::string& name) override {
    if (!error.ok()) return error;
    return known_templates.empty() || known_templates.contains(name)
               ? absl::OkStatus()
               : absl::InvalidArgumentError("there is no such template");
  }

  // Accepts one body per request id, as the service does.
  absl::Status Send(const std::string& request_id, const std::string& student,
                    const MailContent& content) override {
    const absl::Status valid = Validate(request_id, student, content);
    if (!valid.ok()) return valid;
    const std::string body =
        student + content.template_name + protobuf::DeterministicBytes(content.context);
    const auto [known, is_new] = bodies_.try_emplace(request_id, body);
    if (is_new) sent.push_back({request_id, student, content});
    return known->second == body ? absl::OkStatus() : absl::AlreadyExistsError("other body");
  }

  absl::StatusOr<BatchResult> SendBatch(const std::string& request_id, const MailContent& content,
                                        const std::vector<BatchRecipient>& recipients) override {
    if (!error.ok()) return error;
    batches.push_back({request_id, content, recipients});
    BatchResult result;
    for (const BatchRecipient& recipient : recipients) {
      if (recipient.student != rejected_student) {
        ++result.accepted;
      } else if (++result.rejected == 1) {
        result.first_rejection = "unknown recipient";
      }
    }
    return result;
  }

  absl::Status Cancel(const std::string& key) override {
    if (!error.ok()) return error;
    if (!cancel_error.ok()) return cancel_error;
    cancelled.push_back(key);
    return absl::OkStatus();
  }

  absl::StatusOr<SweepResult> Sweep() override {
    if (!error.ok()) return error;
    ++sweeps;
    return SweepResult();
  }

  absl::StatusOr<PurgeResult> PurgeLogs(absl::Duration max_age) override {
    if (!error.ok()) return error;
    purges.push_back(max_age);
    return PurgeResult();
  }

 private:
  std::map<std::string, std::string> bodies_;
};

class FakeReport final : public ReportService, public WeeklyReports {
 public:
  absl::Status error;
  std::string rejected_student;                              // whose facts are INVALID_ARGUMENT
  std::map<std::string, Course> courses;                     // by id
  std::map<std::string, std::vector<std::string>> enrolled;  // students by course id
  std::map<std::string, Fact> facts;                         // by id
  std::vector<std::string> weeks;
  std::vector<std::string> local_times;  // of the same calls
  int merges = 0;

  absl::StatusOr<std::vector<absl::Status>> RecordFacts(
      const std::vector<Fact>& recorded) override {
    if (!error.ok()) return error;
    std::vector<absl::Status> results;
    for (const Fact& fact : recorded) {
      const bool rejected = fact.student == rejected_student;
      results.push_back(rejected ? absl::InvalidArgumentError("rejected") : absl::OkStatus());
      if (!rejected) facts[fact.id] = fact;
    }
    return results;
  }

  // The newest fact of a course counts for each field, as in the service.
  absl::StatusOr<std::vector<absl::Status>> MergeCourses(
      const std::vector<CourseFact>& told) override {
    if (!error.ok()) return error;
    ++merges;
    for (const CourseFact& fact : told) {
      Course& course = courses[fact.course.id];
      course.id = fact.course.id;
      const auto merge = [&](const std::string& field, bool says, const auto& value, auto& stored) {
        const std::pair when(fact.time, fact.arrival_time);
        auto& known = told_[course.id + field];
        if (!says || when <= known) return;
        known = when;
        stored = value;
      };
      merge("title", !fact.course.title.empty(), fact.course.title, course.title);
      merge("url", !fact.course.url.empty(), fact.course.url, course.url);
      merge("instructor", !fact.course.instructor_name.empty(), fact.course.instructor_name,
            course.instructor_name);
      merge("lessons", fact.course.lesson_count > 0, fact.course.lesson_count, course.lesson_count);
      merge("state", fact.course.state != CourseState::kUnspecified, fact.course.state,
            course.state);
    }
    return std::vector<absl::Status>(told.size());
  }

  absl::StatusOr<Participation> GetParticipation(const std::string& student,
                                                 const std::string& course_id) override {
    if (!error.ok()) return error;
    if (student.empty()) return absl::InvalidArgumentError("student: must be a recipient");
    Participation known;
    std::pair last(absl::InfinitePast(), absl::InfinitePast());
    for (const auto& [id, fact] : facts) {
      if (fact.student != student || fact.course_id != course_id) continue;
      const std::pair when(fact.time, fact.arrival_time);
      if (std::holds_alternative<Fact::LessonCompleted>(fact.what)) {
        known.last_lesson_time = std::max(known.last_lesson_time, fact.time);
      }
      const bool left = std::holds_alternative<Fact::Unenrolled>(fact.what);
      if (left && when > std::pair(known.unenroll_time, known.unenroll_arrival_time)) {
        std::tie(known.unenroll_time, known.unenroll_arrival_time) = when;
      }
      if ((left || std::holds_alternative<Fact::Enrolled>(fact.what)) && when > last) {
        last = when;
        known.enrolled = !left;
      }
    }
    return known;
  }

  absl::StatusOr<Course> GetCourse(const std::string& course_id) override {
    if (!error.ok()) return error;
    const auto found = courses.find(course_id);
    if (found == courses.end()) return absl::NotFoundError(course_id);
    return found->second;
  }

  // The page token is the index of the next student.
  absl::StatusOr<StudentPage> ListEnrolledStudents(const std::string& course_id, int page_size,
                                                   const std::string& page_token) override {
    if (!error.ok()) return error;
    const auto& students = enrolled[course_id];
    const std::size_t begin = page_token.empty() ? 0 : std::stoul(page_token);
    const std::size_t end = std::min(begin + static_cast<std::size_t>(page_size), students.size());
    StudentPage page;
    page.students.assign(students.begin() + static_cast<std::ptrdiff_t>(begin),
                         students.begin() + static_cast<std::ptrdiff_t>(end));
    if (end < students.size()) page.next_page_token = std::to_string(end);
    return page;
  }

  absl::StatusOr<std::string> Generate(const WeeklyReportOrder& order) override {
    if (!error.ok()) return error;
    weeks.push_back(order.week);
    local_times.push_back(order.local_time);
    return "weeklyReportRuns/" + order.week;
  }

 private:
  std::map<std::string, std::pair<absl::Time, absl::Time>> told_;  // by course and field
};

class FakeStudents final : public StudentDirectory {
 public:
  absl::Status error;
  std::set<std::string> unknown;

  absl::StatusOr<std::set<std::string>> FindKnown(
      const std::vector<std::string>& students) override {
    if (!error.ok()) return error;
    std::set<std::string> known;
    for (const std::string& student : students) {
      if (!unknown.contains(student)) known.insert(student);
    }
    return known;
  }
};

}  // namespace lmsmail::scheduler
