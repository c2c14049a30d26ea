#pragma once

#include <vector>

#include "services/scheduler/storage/automation_store.h"
#include "services/scheduler/storage/in_memory_resource_store.h"

namespace lmsmail::scheduler {

class InMemoryAutomationStore final : public InMemoryResourceStore<AutomationStore, Automation> {
 public:
  using InMemoryResourceStore::InMemoryResourceStore;

  absl::StatusOr<std::vector<Automation>> ListEnabled(absl::Time) override {
    absl::MutexLock lock(&mutex_);
    std::vector<Automation> enabled;
    for (const auto& [id, automation] : resources_) {
      if (automation.enabled) enabled.push_back(automation);
    }
    return enabled;
  }
};

}  // namespace lmsmail::scheduler
