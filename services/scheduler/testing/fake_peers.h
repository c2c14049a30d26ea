#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "libs/protobuf/deterministic_bytes.h"
#include "services/scheduler/learning_records.h"
#include "services/scheduler/mail_sender.h"
#include "services/scheduler/queue_upkeep.h"
#include "services/scheduler/weekly_reports.h"

// The other services, for tests: they remember what they were asked, and answer `fault` instead of
// OK when the test sets one. For one thread.
namespace lmsmail::scheduler {

class FakeDispatch final : public MailSender, public QueueUpkeep {
 public:
  absl::Status fault;
  std::vector<dispatch::v1::SendRequest> sent;
  std::vector<dispatch::v1::SendBatchRequest> batches;
  std::vector<std::string> cancelled;
  int sweeps = 0;
  std::vector<absl::Duration> purges;

  // As the service does: a key is taken once, with one body.
  absl::Status Send(const dispatch::v1::SendRequest& request) override {
    if (!fault.ok()) return fault;
    const auto [known, is_new] =
        bodies_.try_emplace(request.request_id(), protobuf::DeterministicBytes(request));
    if (is_new) sent.push_back(request);
    return known->second == protobuf::DeterministicBytes(request)
               ? absl::OkStatus()
               : absl::AlreadyExistsError("other body");
  }

  absl::StatusOr<dispatch::v1::SendBatchResponse> SendBatch(
      const dispatch::v1::SendBatchRequest& request) override {
    if (!fault.ok()) return fault;
    batches.push_back(request);
    dispatch::v1::SendBatchResponse response;
    for (const auto& item : request.items()) {
      response.add_results()->set_duplicate(!dedupe_keys_.insert(item.dedupe_key()).second);
    }
    return response;
  }

  absl::Status Cancel(const std::string& key) override {
    if (!fault.ok()) return fault;
    cancelled.push_back(key);
    return absl::OkStatus();
  }

  absl::StatusOr<dispatch::v1::SweepResponse> Sweep() override {
    if (!fault.ok()) return fault;
    ++sweeps;
    return dispatch::v1::SweepResponse();
  }

  absl::StatusOr<dispatch::v1::PurgeLogsResponse> PurgeLogs(absl::Duration max_age) override {
    if (!fault.ok()) return fault;
    purges.push_back(max_age);
    return dispatch::v1::PurgeLogsResponse();
  }

 private:
  std::map<std::string, std::string> bodies_;
  std::set<std::string> dedupe_keys_;
};

class FakeReport final : public LearningRecords, public WeeklyReports {
 public:
  absl::Status fault;
  std::string refused_student;                               // whose facts are INVALID_ARGUMENT
  std::map<std::string, report::v1::Course> courses;         // by name
  std::map<std::string, std::vector<std::string>> enrolled;  // students by course name
  std::map<std::string, report::v1::Activity> activities;    // by id
  std::vector<std::string> weeks;
  int upserts = 0;

  absl::Status RecordActivity(const report::v1::RecordActivityRequest& request) override {
    if (!fault.ok()) return fault;
    for (const auto& activity : request.activities()) {
      if (activity.student() == refused_student) return absl::InvalidArgumentError("refused");
    }
    for (const auto& activity : request.activities()) {
      activities[activity.activity_id()] = activity;
    }
    return absl::OkStatus();
  }

  absl::Status UpsertCourses(const report::v1::UpsertCoursesRequest& request) override {
    if (!fault.ok()) return fault;
    ++upserts;
    for (const auto& course : request.courses()) courses[course.name()] = course;
    return absl::OkStatus();
  }

  absl::StatusOr<report::v1::Course> GetCourse(const std::string& name) override {
    if (!fault.ok()) return fault;
    const auto found = courses.find(name);
    if (found == courses.end()) return absl::NotFoundError(name);
    return found->second;
  }

  // The page token is the index of the next student.
  absl::StatusOr<report::v1::ListEnrolledStudentsResponse> ListEnrolledStudents(
      const report::v1::ListEnrolledStudentsRequest& request) override {
    if (!fault.ok()) return fault;
    const auto& students = enrolled[request.course()];
    std::size_t next = request.page_token().empty() ? 0 : std::stoul(request.page_token());
    report::v1::ListEnrolledStudentsResponse response;
    for (; next < students.size() && response.enrollments_size() < request.page_size(); ++next) {
      response.add_enrollments()->set_student(students[next]);
    }
    if (next < students.size()) response.set_next_page_token(std::to_string(next));
    return response;
  }

  absl::StatusOr<report::v1::WeeklyReportRun> Generate(const std::string& week) override {
    if (!fault.ok()) return fault;
    weeks.push_back(week);
    report::v1::WeeklyReportRun run;
    run.set_name("weeklyReportRuns/" + week);
    return run;
  }
};

}  // namespace lmsmail::scheduler
