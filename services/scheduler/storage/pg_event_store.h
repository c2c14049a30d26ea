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
  absl::StatusOr<StoredEvent> Find(std::string_view event_id, absl::Time deadline) override;
  absl::StatusOr<std::vector<std::string>> PublishersOf(std::string_view key,
                                                        absl::Time deadline) override;
  absl::StatusOr<int> DropContentBefore(absl::Time time, int limit, absl::Time deadline) override;
  absl::StatusOr<int> DeleteBefore(absl::Time time, int limit, absl::Time deadline) override;

  absl::StatusOr<std::vector<Task>> Claim(absl::Time now, absl::Time lease_end, int limit,
                                          absl::Time deadline) override;
  absl::StatusOr<bool> Extend(const Task& task, absl::Time lease_end, absl::Time deadline) override;
  absl::Status Settle(const Task& task, const TaskResult& result, absl::Time deadline) override;
  absl::StatusOr<CancelledMail> CancelMail(const Task& task, absl::Time now, absl::Time since,
                                           absl::Time deadline) override;
  absl::StatusOr<std::optional<absl::Time>> OldestDue(absl::Time now, absl::Time deadline) override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::scheduler
