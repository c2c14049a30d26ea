#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "services/scheduler/domain/task.h"

namespace lmsmail::scheduler {

struct NewEvent {
  v1::Event event;  // its event_time is set
  std::int64_t digest = 0;
  std::vector<TaskPlan> tasks;
};

enum class AddResult {
  kAdded,
  kDuplicate,  // the event is known with the same digest
  kConflict,   // the event is known with another digest
};

struct StoredEvent {
  struct TaskOutcome {
    TaskKind kind;
    TaskState state;
    std::string detail;
  };
  v1::Event event;
  absl::Time create_time;
  std::vector<TaskOutcome> tasks = {};  // in the order they were created
  bool content_dropped = false;         // `event` has its id only
};

// The mail that has to be cancelled because its student left the course.
struct CancelledMail {
  std::vector<std::string> keys;  // sent to dispatch already: cancel it there
  int cancelled = 0;              // was still pending here
  int in_progress = 0;            // is being sent to dispatch at this moment: ask again
};

// How long a task is tried before it has failed.
inline constexpr absl::Duration kGiveUpAfter = absl::Hours(24);

// Stores events and the tasks they cause. Each call is atomic and ends by `deadline`. Thread-safe.
// Besides the errors named here, calls fail with those that libs/postgres/sql_error.h lists.
class EventStore {
 public:
  virtual ~EventStore() = default;

  // Stores the new ones among `events`, with their tasks; returns one result each, in order. An
  // event joins the open window of its automation and course, or the task that has its mail_key,
  // instead of creating a task; if that task had failed, it becomes pending again.
  virtual absl::StatusOr<std::vector<AddResult>> Add(const std::vector<NewEvent>& events,
                                                     absl::Time now, absl::Time deadline) = 0;
  // `event_id` is an identity::OwnedKey. NOT_FOUND when there is none.
  virtual absl::StatusOr<StoredEvent> Find(std::string_view event_id, absl::Time deadline) = 0;
  // The callers that published an event with the id `key`, in order; at most `kMaxPublishers`.
  static constexpr int kMaxPublishers = 20;
  virtual absl::StatusOr<std::vector<std::string>> PublishersOf(std::string_view key,
                                                                absl::Time deadline) = 0;

  // Claims due tasks, those that have been due for longest first, for this caller alone until
  // `lease_end`. Returns them in the order in which they were planned.
  virtual absl::StatusOr<std::vector<Task>> Claim(absl::Time now, absl::Time lease_end, int limit,
                                                  absl::Time deadline) = 0;
  // Extends the lease of a claimed task. False when the claim was lost.
  virtual absl::StatusOr<bool> Extend(const Task& task, absl::Time lease_end,
                                      absl::Time deadline) = 0;
  // Ends this claim of the task. Does nothing when the claim was lost.
  virtual absl::Status Settle(const Task& task, const TaskResult& result, absl::Time deadline) = 0;

  // For a kCancelMail task: cancels all pending cancellable mail of its student and course that was
  // planned before it, and returns the keys of what was sent to dispatch since `since`. Mail to
  // everyone in the course stays; the key of this student's copy is returned.
  virtual absl::StatusOr<CancelledMail> CancelMail(const Task& task, absl::Time now,
                                                   absl::Time since, absl::Time deadline) = 0;

  // The due time of the oldest due task that nobody has claimed.
  virtual absl::StatusOr<std::optional<absl::Time>> OldestDue(absl::Time now,
                                                              absl::Time deadline) = 0;
  // Drops the content of up to `limit` events from before `time` that have no pending task: all but
  // their ids and digests, and the details of their tasks. Returns of how many.
  virtual absl::StatusOr<int> DropContentBefore(absl::Time time, int limit,
                                                absl::Time deadline) = 0;
  // Deletes up to `limit` events from before `time` that have no pending task, and finished tasks
  // without events; returns how many events.
  virtual absl::StatusOr<int> DeleteBefore(absl::Time time, int limit, absl::Time deadline) = 0;
};

}  // namespace lmsmail::scheduler
