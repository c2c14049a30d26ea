#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "libs/protobuf/deterministic_bytes.h"
#include "services/scheduler/automations/mail_sender.h"
#include "services/scheduler/domain/report_service.h"
#include "services/scheduler/schedules/queue_maintenance.h"
#include "services/scheduler/schedules/weekly_reports.h"

// Fakes of the other services. They record their calls, and return `error` unless it is OK. Not
// thread-safe.
namespace lmsmail::scheduler {

class FakeDispatch final : public MailSender, public QueueMaintenance {
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
  std::string rejected_student;  // whose mail in a batch is rejected
  std::vector<Mail> sent;
  std::vector<Batch> batches;
  std::vector<std::string> cancelled;
  int sweeps = 0;
  std::vector<absl::Duration> purges;

  // Accepts one body per request id, as the service does.
  absl::Status Send(const std::string& request_id, const std::string& student,
                    const MailContent& content) override {
    if (!error.ok()) return error;
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
  int upserts = 0;

  absl::Status RecordFacts(const std::vector<Fact>& recorded) override {
    if (!error.ok()) return error;
    for (const Fact& fact : recorded) {
      if (fact.student == rejected_student) return absl::InvalidArgumentError("rejected");
    }
    for (const Fact& fact : recorded) facts[fact.id] = fact;
    return absl::OkStatus();
  }

  absl::Status UpsertCourses(const std::vector<Course>& upserted) override {
    if (!error.ok()) return error;
    ++upserts;
    for (const Course& course : upserted) courses[course.id] = course;
    return absl::OkStatus();
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
};

}  // namespace lmsmail::scheduler
