#include "services/scheduler/in_memory_automation_store.h"

#include "libs/status/error_details.h"
#include "services/scheduler/resource_names.h"

namespace lmsmail::scheduler {

absl::Status InMemoryAutomationStore::Create(const Automation& automation,
                                             const RequestRecord& request, absl::Time) {
  absl::MutexLock lock(&mutex_);
  if (automations_.contains(automation.id) || !requests_.Insert(request)) {
    return absl::AlreadyExistsError(automation.id);
  }
  automations_[automation.id] = automation;
  return absl::OkStatus();
}

absl::StatusOr<Automation> InMemoryAutomationStore::Find(std::string_view id, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = automations_.find(id);
  if (found == automations_.end()) return NotFound(AutomationName(id));
  return found->second;
}

absl::StatusOr<std::vector<Automation>> InMemoryAutomationStore::List(std::string_view after_id,
                                                                      int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<Automation> page;
  for (auto it = automations_.upper_bound(after_id);
       it != automations_.end() && static_cast<int>(page.size()) < limit; ++it) {
    page.push_back(it->second);
  }
  return page;
}

absl::StatusOr<std::vector<Automation>> InMemoryAutomationStore::ListEnabled(absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<Automation> enabled;
  for (const auto& [id, automation] : automations_) {
    if (automation.enabled) enabled.push_back(automation);
  }
  return enabled;
}

absl::Status InMemoryAutomationStore::Update(const Automation& automation, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = automations_.find(automation.id);
  if (found == automations_.end() || found->second.revision != automation.revision - 1) {
    return EtagMismatch(AutomationName(automation.id));
  }
  found->second = automation;
  return absl::OkStatus();
}

absl::Status InMemoryAutomationStore::Delete(std::string_view id,
                                             std::optional<std::int64_t> revision, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = automations_.find(id);
  if (found == automations_.end()) return NotFound(AutomationName(id));
  if (revision && found->second.revision != *revision) return EtagMismatch(AutomationName(id));
  automations_.erase(found);
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
