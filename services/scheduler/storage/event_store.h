#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "services/scheduler/domain/task.h"

namespace lmsmail::scheduler {

// Why an event sends no mail. Stored in the database by number.
enum class NoMail {
  kNo = 0,     // it sends mail
  kQuiet = 1,  // its publisher wants none
  kOld = 2,    // it was published too late
};

struct NewEvent {
  v1::Event event;  // its event_time is set
  std::int64_t digest = 0;
  std::vector<TaskPlan> tasks;
  NoMail no_mail = NoMail::kNo;
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
    std::vector<std::string> waits_for = {};
  };
  v1::Event event;
  absl::Time create_time;
  absl::Time arrival_time = {};
  NoMail no_mail = NoMail::kNo;
  bool content_dropped = false;         // `event` has its id only
  std::vector<TaskOutcome> tasks = {};  // by kind, then in the order they were created

  // Failed before waiting before pending: what needs somebody is seen first.
  TaskState state() const;
};

struct EventQuery {
  std::optional<TaskState> state = std::nullopt;
  EventType type = EventType::kUnspecified;  // any
  std::string student = "";                  // any, like the next two
  std::string course_id = "";
  std::string publisher = "";
  absl::Time start_time = absl::InfinitePast();  // of event_time
  absl::Time end_time = absl::InfiniteFuture();  // exclusive
  // The last event of the page before.
  std::optional<std::pair<absl::Time, std::string>> before = std::nullopt;
  int limit = 0;
};

// Which mail to `student` is cancelled: that about what happened in a course before an event, the
// receipts of a payment, or all.
struct CancelScope {
  std::string student = "";
  std::string course_id = "";
  absl::Time event_time = absl::InfiniteFuture();  // of that event
  absl::Time arrival_time = absl::InfiniteFuture();
  bool copies = false;  // also this student's copies of mail to everyone in the course
  std::string payment_id = "";
  bool all = false;
  std::string reason = "";
};

// What is known of a payment of one student.
struct PaymentState {
  bool refunded = false;
  bool refund_pending = false;  // the receipts have yet to be cancelled
  bool receipt_pending = false;
  bool receipt_sent = false;
  bool receipt_cancelled = false;
};

struct EventCount {
  EventType type;
  TaskState state;
  std::int64_t count;
};

// The mail that has to be cancelled.
struct CancelledMail {
  std::vector<std::string> keys;  // sent to dispatch already: cancel it there
  int cancelled = 0;              // was still pending here
  int in_progress = 0;            // is being sent to dispatch at this moment: ask again
};

// Stores events and the tasks they cause. Each call is atomic and ends by `deadline`. Thread-safe.
// Besides the errors named here, calls fail with those that libs/postgres/sql_error.h lists.
class EventStore {
 public:
  virtual ~EventStore() = default;

  // Stores the new ones among `events`, with their tasks; returns one result each, in order. An
  // event joins the open window of its automation and course, or the task that has its mail_key and
  // content, instead of creating a task; if that task had failed, it becomes pending again. A
  // mail_key that has other content, unless that has failed, is a task that has failed.
  virtual absl::StatusOr<std::vector<AddResult>> Add(const std::vector<NewEvent>& events,
                                                     absl::Time now, absl::Time deadline) = 0;
  // The result that Add() would have for each of `events`.
  virtual absl::StatusOr<std::vector<AddResult>> Check(const std::vector<NewEvent>& events,
                                                       absl::Time deadline) = 0;
  // Newest arrival first.
  virtual absl::StatusOr<std::vector<StoredEvent>> List(const EventQuery& query,
                                                        absl::Time deadline) = 0;
  // Makes the failed and waiting tasks of an event due `now`, until `give_up_time`. Returns how
  // many.
  virtual absl::StatusOr<int> Retry(std::string_view event_id, absl::Time now,
                                    absl::Time give_up_time, absl::Time deadline) = 0;
  // The number of events in each state but done.
  virtual absl::StatusOr<std::vector<EventCount>> Count(absl::Time deadline) = 0;
  // `event_id` is an identity::OwnedKey. NOT_FOUND when there is none.
  virtual absl::StatusOr<StoredEvent> Find(std::string_view event_id, absl::Time deadline) = 0;
  // The callers that published an event with the id `key`, in order; at most `kMaxPublishers`.
  static constexpr int kMaxPublishers = 20;
  virtual absl::StatusOr<std::vector<std::string>> PublishersOf(std::string_view key,
                                                                absl::Time deadline) = 0;

  // Claims due tasks, those that have been due for longest first, for this caller alone until
  // `lease_end`. Returns them in the order in which they were created.
  virtual absl::StatusOr<std::vector<Task>> Claim(absl::Time now, absl::Time lease_end, int limit,
                                                  absl::Time deadline) = 0;
  // Extends the lease of a claimed task. False when the claim was lost.
  virtual absl::StatusOr<bool> Extend(const Task& task, absl::Time lease_end,
                                      absl::Time deadline) = 0;
  // Ends this claim of the task. Does nothing when the claim was lost.
  virtual absl::Status Settle(const Task& task, const TaskResult& result, absl::Time deadline) = 0;

  // The facts that tasks wait for, in order, after `after`.
  virtual absl::StatusOr<std::vector<std::string>> AwaitedFacts(std::string_view after, int limit,
                                                                absl::Time deadline) = 0;
  // Makes tasks that wait for one of `facts` due `now`; returns how many.
  virtual absl::StatusOr<int> Wake(const std::vector<std::string>& facts, absl::Time now,
                                   absl::Time deadline) = 0;
  // Whether something that an event told of the course, or of the student in the course, has yet to
  // be recorded. `student` is empty for mail to everyone.
  virtual absl::StatusOr<bool> HasUnrecordedFacts(std::string_view student,
                                                  std::string_view course_id,
                                                  absl::Time deadline) = 0;
  virtual absl::StatusOr<PaymentState> FindPayment(std::string_view payment_id,
                                                   std::string_view student,
                                                   absl::Time deadline) = 0;

  // Cancels all pending mail in `scope`, and returns the keys of what was sent to dispatch since
  // `since`. Mail to everyone in the course stays; the key of this student's copy is returned.
  virtual absl::StatusOr<CancelledMail> CancelMail(const CancelScope& scope, absl::Time now,
                                                   absl::Time since, absl::Time deadline) = 0;
  // Records that the mail with this key was cancelled after it was sent to dispatch.
  virtual absl::Status MarkCancelled(std::string_view mail_key, std::string_view reason,
                                     absl::Time deadline) = 0;

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
