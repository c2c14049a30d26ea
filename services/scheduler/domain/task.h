#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "lmsmail/type/v1/mail.pb.h"
#include "services/scheduler/domain/event.h"

// Tasks are the work that events cause.
namespace lmsmail::scheduler {

// Stored in the database by number.
enum class Audience { kUnspecified = 0, kStudent = 1, kEnrolled = 2 };

// Stored in the database by number.
enum class TaskKind {
  kRecord = 1,      // report the event's facts to the report service
  kMail = 2,        // send one automation's mail
  kCancelMail = 3,  // cancel mail that the event makes pointless
};
// kWaiting is stored as pending, with the facts that the task waits for.
enum class TaskState { kPending = 1, kDone = 2, kFailed = 3, kWaiting = 4 };

// Facts because of which a mail is not sent. The numbers are those of the protocol and are stored
// in the database, as bits.
enum class Condition { kEnrolled = 1, kLessonCompleted = 2, kUnenrolled = 3 };
class Conditions {
 public:
  Conditions() = default;
  explicit Conditions(int bits) : bits_(bits) {}

  void Add(Condition condition) { bits_ |= 1 << static_cast<int>(condition); }
  bool Has(Condition condition) const { return (bits_ >> static_cast<int>(condition) & 1) != 0; }
  bool empty() const { return bits_ == 0; }
  int bits() const { return bits_; }

 private:
  int bits_ = 0;
};

// What to do. Planned when the event is accepted: later changes of the automation have no effect.
struct TaskPlan {
  TaskKind kind = TaskKind::kRecord;
  std::string automation_id = "";  // this and the next five fields: kMail only
  std::string template_name = "";
  lmsmail::type::v1::Lane lane = lmsmail::type::v1::LANE_UNSPECIFIED;
  Audience audience = Audience::kUnspecified;
  Conditions unless = {};
  bool cancellable = false;     // leaving the course cancels the mail
  std::string student = "";     // recipients/{recipient}; empty when it is everyone in the course
  std::string course_id = "";   // empty when the event concerns no course
  std::string mail_key = "";    // at most one mail, or one per student, is sent under a key
  std::int64_t content = 0;     // a digest of what the mail says; one mail_key has one content
  std::string payment_id = "";  // of a receipt, or of a refund, which cancels receipts
  absl::Time due_time = {};
  absl::Time give_up_time = {};  // the task fails if it has not succeeded by then
  std::optional<absl::Time> window_end = std::nullopt;  // until then, more events may join
  std::string traceparent = "";  // of the call that published the event, if its trace is sampled
};

struct Task {
  std::int64_t id = 0;
  TaskPlan plan = {};
  int attempts = 0;  // includes the current one; identifies this claim
  // Ordered by event_time, then by arrival.
  std::vector<AcceptedEvent> events = {};
  std::vector<std::string> waits_for = {};  // the facts that the attempt before lacked
};

// The result of one attempt.
struct TaskResult {
  TaskState state = TaskState::kDone;
  std::string detail = "";
  absl::Time retry_time = absl::InfiniteFuture();  // set when pending or waiting
  std::vector<std::string> waits_for = {};         // set when waiting
};

}  // namespace lmsmail::scheduler
