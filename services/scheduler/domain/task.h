#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "lmsmail/type/v1/mail.pb.h"

// Tasks are the work that events cause.
namespace lmsmail::scheduler {

// Stored in the database by number.
enum class Audience { kUnspecified = 0, kStudent = 1, kEnrolled = 2 };

// Stored in the database by number.
enum class TaskKind {
  kRecord = 1,      // report the event's facts to the report service
  kMail = 2,        // send one automation's mail
  kCancelMail = 3,  // cancel the mail of a student who left a course
};
enum class TaskState { kPending = 1, kDone = 2, kFailed = 3 };

// What to do. Planned when the event is accepted: later changes of the automation have no effect.
struct TaskPlan {
  TaskKind kind = TaskKind::kRecord;
  std::string automation_id = "";  // this and the next four fields: kMail only
  std::string template_name = "";
  lmsmail::type::v1::Lane lane = lmsmail::type::v1::LANE_UNSPECIFIED;
  Audience audience = Audience::kUnspecified;
  bool cancellable = false;    // leaving the course cancels the mail
  std::string student = "";    // recipients/{recipient}; empty when it is everyone in the course
  std::string course_id = "";  // empty when the event concerns no course
  std::string mail_key = "";   // at most one mail, or one per student, is sent under a key
  absl::Time due_time = {};
  std::optional<absl::Time> window_end = std::nullopt;  // until then, more events may join
  std::string traceparent = "";  // of the call that published the event, if its trace is sampled
};

struct Task {
  std::int64_t id = 0;
  TaskPlan plan = {};
  int attempts = 0;  // includes the current one; identifies this claim
  absl::Time give_up_time = {};
  std::vector<v1::Event> events = {};  // in order of arrival
};

// The result of one attempt.
struct TaskResult {
  TaskState state = TaskState::kDone;
  std::string detail = "";
  absl::Time retry_time = absl::InfiniteFuture();  // set when pending
};

}  // namespace lmsmail::scheduler
