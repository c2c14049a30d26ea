#pragma once

#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/status/error_details.h"
#include "services/scheduler/automations/automation.h"
#include "services/scheduler/automations/template_check.h"
#include "services/scheduler/domain/resource_registry.h"

namespace lmsmail::scheduler {

// What staff do with automations. Violations have the protocol's field names. Thread-safe.
class AutomationRegistry final : public ResourceRegistry<Automation> {
 public:
  AutomationRegistry(ResourceStore<Automation>& store, RequestStore& requests,
                     TemplateCheck& templates, const Clock& clock)
      : ResourceRegistry(store, requests, clock), templates_(templates) {}

  // `violations` are those that were found while converting the request.
  absl::StatusOr<Automation> Create(Automation automation, RequestRecord request,
                                    bool validate_only, Violations violations, absl::Time deadline);
  // Copies `fields`, named as in the protocol, from `edit` to the automation with the id of `edit`.
  absl::StatusOr<Automation> Update(const Automation& edit,
                                    const std::set<std::string, std::less<>>& fields,
                                    std::string_view etag, const Violations& violations,
                                    absl::Time deadline);

 private:
  // Adds a violation when mail cannot be sent with the automation's template.
  absl::Status CheckTemplate(const Automation& automation, Violations& violations);

  TemplateCheck& templates_;
};

}  // namespace lmsmail::scheduler
