#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "libs/postgres/pool.h"
#include "services/scheduler/storage/automation_store.h"

namespace lmsmail::scheduler {

// Uses the tables of migrations/.
class PgAutomationStore final : public AutomationStore {
 public:
  explicit PgAutomationStore(postgres::Pool& pool) : pool_(pool) {}

  absl::Status Create(const Automation& automation, const RequestRecord& request,
                      absl::Time deadline) override;
  absl::StatusOr<Automation> Find(std::string_view id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Automation>> List(std::string_view after_id, int limit,
                                               absl::Time deadline) override;
  absl::StatusOr<std::vector<Automation>> ListEnabled(absl::Time deadline) override;
  absl::Status Update(const Automation& automation, absl::Time deadline) override;
  absl::Status Delete(std::string_view id, std::optional<std::int64_t> revision,
                      absl::Time deadline) override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::scheduler
