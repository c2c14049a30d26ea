#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "services/scheduler/automation_store.h"
#include "services/scheduler/in_memory_request_store.h"

namespace lmsmail::scheduler {

class InMemoryAutomationStore final : public AutomationStore {
 public:
  explicit InMemoryAutomationStore(InMemoryRequestStore& requests) : requests_(requests) {}

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
  InMemoryRequestStore& requests_;
  absl::Mutex mutex_;
  std::map<std::string, Automation, std::less<>> automations_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::scheduler
