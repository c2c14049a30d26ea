#include "services/scheduler/events/fact_recorder.h"

#include <utility>

#include "libs/status/status_macros.h"
#include "services/scheduler/domain/task_result.h"
#include "services/scheduler/events/event_facts.h"

namespace lmsmail::scheduler {
namespace {

// A conflict is as final as a fact that is not valid.
TaskResult Refused(const Task& task, const absl::Status& error, absl::Time now) {
  if (!absl::IsAlreadyExists(error)) return AfterError(task, error, now);
  return Failed("rejected: " + std::string(error.message()));
}

}  // namespace

std::vector<TaskResult> FactRecorder::Record(std::span<const Task> tasks) {
  Errors errors;
  absl::Status status = RecordCourses(tasks, errors);
  if (status.ok()) status = RecordFacts(tasks, errors);
  std::vector<TaskResult> results;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const absl::Status& error = errors.contains(i) ? errors[i] : status;
    results.push_back(error.ok() ? Done("recorded") : Refused(tasks[i], error, clock_.Now()));
  }
  return results;
}

absl::Status FactRecorder::RecordCourses(std::span<const Task> tasks, Errors& errors) {
  std::vector<CourseFact> facts;
  std::vector<std::size_t> positions;  // of the facts' tasks
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    for (const AcceptedEvent& event : tasks[i].events) {
      auto fact = CourseFactOf(event);
      if (!fact) continue;
      facts.push_back(*std::move(fact));
      positions.push_back(i);
    }
  }
  if (facts.empty()) return absl::OkStatus();
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<absl::Status> results, report_.MergeCourses(facts));
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i].ok()) errors.try_emplace(positions[i], results[i]);
  }
  return absl::OkStatus();
}

absl::Status FactRecorder::RecordFacts(std::span<const Task> tasks, Errors& errors) {
  std::vector<Fact> facts;
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    for (const AcceptedEvent& event : tasks[i].events) {
      for (Fact& fact : FactsOf(event)) {
        facts.push_back(std::move(fact));
        positions.push_back(i);
      }
    }
  }
  if (facts.empty()) return absl::OkStatus();
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<absl::Status> results, report_.RecordFacts(facts));
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i].ok()) errors.try_emplace(positions[i], results[i]);
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
