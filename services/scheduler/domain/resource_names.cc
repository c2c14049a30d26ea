#include "services/scheduler/domain/resource_names.h"

#include <fmt/format.h>

#include "libs/resource_name/id.h"

namespace lmsmail::scheduler {
namespace {

constexpr std::string_view kSchedules = "schedules/";
constexpr std::string_view kAutomations = "automations/";

}  // namespace

bool IsId(std::string_view id) { return resource_name::IsStaffId(id, "-"); }

std::string ScheduleName(std::string_view id) { return fmt::format("{}{}", kSchedules, id); }
std::string RunName(std::string_view schedule, std::string_view run) {
  return fmt::format("{}{}/runs/{}", kSchedules, schedule, run);
}
std::string AutomationName(std::string_view id) { return fmt::format("{}{}", kAutomations, id); }

std::optional<std::string> ParseScheduleName(std::string_view name) {
  return resource_name::ParseName(name, kSchedules, IsId);
}
std::optional<std::string> ParseAutomationName(std::string_view name) {
  return resource_name::ParseName(name, kAutomations, IsId);
}

std::string RunId(absl::Time nominal_time) {
  return absl::FormatTime("%Y%m%dT%H%M%SZ", nominal_time, absl::UTCTimeZone());
}

}  // namespace lmsmail::scheduler
