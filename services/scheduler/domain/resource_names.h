#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "libs/resource_name/name.h"

// Resource names of the protocol, and the ids in them.
namespace lmsmail::scheduler {

// Whether `id` may name a schedule or an automation: 1 to 63 of a-z, 0-9 and '-', starting with a
// letter.
bool IsId(std::string_view id);

using resource_name::CourseName;
using resource_name::ParseRecipientName;
using resource_name::ParseTemplateName;

std::string ScheduleName(std::string_view id);                         // "schedules/queue-sweep"
std::string RunName(std::string_view schedule, std::string_view run);  // "schedules/x/runs/y"
std::string AutomationName(std::string_view id);                       // "automations/new-content"

// Return the id; nullopt when `name` is not such a name.
std::optional<std::string> ParseScheduleName(std::string_view name);
std::optional<std::string> ParseAutomationName(std::string_view name);

// "20261123T080000Z". Run ids sort like their nominal times.
std::string RunId(absl::Time nominal_time);

}  // namespace lmsmail::scheduler
