#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "libs/postgres/pool.h"
#include "services/scheduler/storage/event_store.h"

namespace lmsmail::scheduler {

// Uses the tables of migrations/. The methods for tasks are in pg_tasks.cc.
class PgEventStore final : public EventStore {
 public:
  explicit PgEventStore(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::vector<AddResult>> Add(const std::vector<NewEvent>& events, absl::Time now,
                                             absl::Time deadline) override;
  absl::StatusOr<std::vector<AddResult>> Check(const std::vector<NewEvent>& events,
                                               absl::Time deadline) override;
  absl::StatusOr<std::vector<StoredEvent>> List(const EventQuery& query,
                                                absl::Time deadline) override;
  absl::StatusOr<int> Retry(std::string_view event_id, absl::Time now, absl::Time give_up_time,
                            absl::Time deadline) override;
  absl::StatusOr<std::vector<EventCount>> Count(absl::Time deadline) override;
  absl::StatusOr<StoredEvent> Find(std::string_view event_id, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::string>> PublishersOf(std::string_view key,
                                                        absl::Time deadline) override;
  absl::StatusOr<int> DropContentBefore(absl::Time time, int limit, absl::Time deadline) override;
  absl::StatusOr<int> DeleteBefore(absl::Time time, int limit, absl::Time deadline) override;

  absl::StatusOr<std::vector<Task>> Claim(absl::Time now, absl::Time lease_end, int limit,
                                          absl::Time deadline) override;
  absl::StatusOr<bool> Extend(const Task& task, absl::Time lease_end, absl::Time deadline) override;
  absl::Status Settle(const Task& task, const TaskResult& result, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::string>> AwaitedFacts(std::string_view after, int limit,
                                                        absl::Time deadline) override;
  absl::StatusOr<int> Wake(const std::vector<std::string>& facts, absl::Time now,
                           absl::Time deadline) override;
  absl::StatusOr<bool> HasUnrecordedFacts(std::string_view student, std::string_view course_id,
                                          absl::Time deadline) override;
  absl::StatusOr<PaymentState> FindPayment(std::string_view payment_id, std::string_view student,
                                           absl::Time deadline) override;
  absl::StatusOr<CancelledMail> CancelMail(const CancelScope& scope, absl::Time now,
                                           absl::Time since, absl::Time deadline) override;
  absl::Status MarkCancelled(std::string_view mail_key, std::string_view reason,
                             absl::Time deadline) override;
  absl::StatusOr<std::optional<absl::Time>> OldestDue(absl::Time now, absl::Time deadline) override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::scheduler
