#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/status/error_details.h"
#include "services/scheduler/automation.h"
#include "services/scheduler/automation_store.h"
#include "services/scheduler/request_store.h"

namespace lmsmail::scheduler {

// What people do with automations. Faults of requests are reported with the protocol's field names.
// Thread-safe.
class AutomationRegistry {
 public:
  AutomationRegistry(AutomationStore& store, RequestStore& requests, const Clock& clock)
      : store_(store), requests_(requests), clock_(clock) {}

  // `violations` are those that reading the request found already.
  absl::StatusOr<Automation> Create(Automation automation, RequestRecord request,
                                    bool validate_only, Violations violations, absl::Time deadline);
  absl::StatusOr<Automation> Get(std::string_view id, absl::Time deadline) {
    return store_.Find(id, deadline);
  }
  absl::StatusOr<std::vector<Automation>> List(std::string_view after_id, int limit,
                                               absl::Time deadline) {
    return store_.List(after_id, limit, deadline);
  }
  // Sets those of `fields`, named as in the protocol, from `edit`, whose id tells which.
  absl::StatusOr<Automation> Update(const Automation& edit,
                                    const std::set<std::string, std::less<>>& fields,
                                    std::string_view etag, Violations violations,
                                    absl::Time deadline);
  absl::Status Delete(std::string_view id, std::string_view etag, absl::Time deadline);

 private:
  AutomationStore& store_;
  RequestStore& requests_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
