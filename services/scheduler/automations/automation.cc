#include "services/scheduler/automations/automation.h"

#include <fmt/format.h>

#include "libs/etag/etag.h"
#include "services/scheduler/domain/resource_names.h"

namespace lmsmail::scheduler {

std::string NameOf(const Automation& automation) { return AutomationName(automation.id); }

std::string EtagOf(const Automation& automation) {
  return etag::Make(fmt::format("{}/{}", automation.id, automation.revision));
}

}  // namespace lmsmail::scheduler
