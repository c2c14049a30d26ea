#pragma once

#include <vector>

#include "services/scheduler/automations/automation.h"
#include "services/scheduler/storage/resource_store.h"

namespace lmsmail::scheduler {

class AutomationStore : public ResourceStore<Automation> {
 public:
  virtual absl::StatusOr<std::vector<Automation>> ListEnabled(absl::Time deadline) = 0;
};

}  // namespace lmsmail::scheduler
