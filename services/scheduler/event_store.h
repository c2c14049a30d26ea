#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "services/scheduler/task.h"

namespace lmsmail::scheduler {

struct NewEvent {
  v1::Event event;  // with its event_time
  std::int64_t digest = 0;
  std::vector<TaskPlan> tasks;
};

enum class Intake {
  kStored,
  kDuplicate,  // known with the same digest
  kConflict,   // known with another one
};

struct StoredEvent {
  struct TaskOutcome {
    TaskKind kind;
    TaskState state;
    std::string detail;
  };
  v1::Event event;
  absl::Time create_time;
  std::vector<TaskOutcome> tasks;  // in the order they were made
};

// Mail that a student who leaves a course is not to get any more.
struct RevokedMail {
  std::vector<std::string> keys;  // handed over already, to be cancelled at dispatch
  int dropped = 0;                // was still waiting here
  int working = 0;                // is being handed over at this moment: ask again
};

// How long a task is tried before it has failed.
inline constexpr absl::Duration kGiveUpAfter = absl::Hours(24);

// Where events and the tasks they cause are kept. Each call is atomic and gives up at `deadline`.
// Thread-safe. Besides what is named here, calls fail with what libs/postgres/sql_error.h lists.
class EventStore {
 public:
  virtual ~EventStore() = default;

  // Stores those that are new, with their tasks; one answer each, in order. An event joins the open
  // window of its automation and course, and a task that has its mail_key, instead of making one;
  // if that had failed, it is tried anew.
  virtual absl::StatusOr<std::vector<Intake>> TakeIn(const std::vector<NewEvent>& events,
                                                     absl::Time now, absl::Time deadline) = 0;
  // NOT_FOUND when there is none.
  virtual absl::StatusOr<StoredEvent> Find(std::string_view event_id, absl::Time deadline) = 0;

  // Takes tasks that are due, the longest due first, for this caller alone until `lease_end`. They
  // come in the order in which they were planned.
  virtual absl::StatusOr<std::vector<Task>> Claim(absl::Time now, absl::Time lease_end, int limit,
                                                  absl::Time deadline) = 0;
  // Holds a claimed task for longer. False when the claim was lost.
  virtual absl::StatusOr<bool> Extend(const Task& task, absl::Time lease_end,
                                      absl::Time deadline) = 0;
  // Ends this claim of the task. Nothing happens when it was lost.
  virtual absl::Status Settle(const Task& task, const TaskResult& result, absl::Time deadline) = 0;

  // For a kCancelMail task: ends all revocable mail of its student and course that was planned
  // before it and waits here, and names what was handed over since `since`. Everyone's mail goes
  // on; its key of this student is named.
  virtual absl::StatusOr<RevokedMail> RevokeMail(const Task& task, absl::Time now, absl::Time since,
                                                 absl::Time deadline) = 0;

  // Since when the oldest due task waits that nobody works on.
  virtual absl::StatusOr<std::optional<absl::Time>> OldestDue(absl::Time now,
                                                              absl::Time deadline) = 0;
  // Forgets up to `limit` events older than `before` and tasks that ended; returns how many events.
  virtual absl::StatusOr<int> Forget(absl::Time before, int limit, absl::Time deadline) = 0;
};

}  // namespace lmsmail::scheduler
