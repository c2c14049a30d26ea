#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "lmsmail/type/v1/mail.pb.h"
#include "services/scheduler/automation.h"

// What events cause. An event is kept and handed about as the protocol's message: it is stored as
// it came, and two are the same when their bytes are.
namespace lmsmail::scheduler {

// The database holds the numbers.
enum class TaskKind {
  kRecord = 1,      // tell the report service
  kMail = 2,        // one automation's mail
  kCancelMail = 3,  // of a student who left a course
};
enum class TaskState { kPending = 1, kDone = 2, kFailed = 3 };

// What to do, decided when the event is taken in: later changes of the automation do not matter.
struct TaskPlan {
  TaskKind kind = TaskKind::kRecord;
  std::string automation_id = "";  // this and the next four: of mail only
  std::string template_name = "";
  lmsmail::type::v1::Lane lane = lmsmail::type::v1::LANE_UNSPECIFIED;
  Audience audience = Audience::kUnspecified;
  bool revocable = false;      // leaving the course cancels it
  std::string student = "";    // recipients/{recipient}; empty when it is everyone in the course
  std::string course_id = "";  // empty when it is about none
  std::string mail_key = "";   // one mail, or one mail a student, is ever made under it
  absl::Time due_time = {};
  std::optional<absl::Time> window_end = std::nullopt;  // until then, more events may join
};

struct Task {
  std::int64_t id = 0;
  TaskPlan plan = {};
  int attempts = 0;  // this one included; tells this claim from others
  absl::Time give_up_time = {};
  std::vector<v1::Event> events = {};  // in the order of arrival
};

// What came of one attempt.
struct TaskResult {
  TaskState state = TaskState::kDone;
  std::string detail = "";
  absl::Time retry_time = absl::InfiniteFuture();  // when pending
};

}  // namespace lmsmail::scheduler
