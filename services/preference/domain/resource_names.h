#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libs/resource_name/name.h"
#include "libs/status/error_details.h"

namespace lmsmail::preference {

using resource_name::RecipientName;

std::string PreferencesName(std::string_view recipient_id);
std::string ConsentEventName(std::string_view recipient_id, std::int64_t event_id);
std::string SuppressionName(std::string_view id);
std::string ErasureName(std::int64_t id);

// Each function returns the id in a resource name. When the name is invalid, it adds a violation
// and returns "".

// Parses recipients/{recipient}.
std::string RecipientId(std::string_view name, std::string_view field, Violations& violations);
// Returns the recipient's id in recipients/{recipient}/preferences, of the field "name".
std::string PreferencesId(std::string_view name, Violations& violations);
// Parses suppressions/{suppression}, of the field "name".
std::string SuppressionId(std::string_view name, Violations& violations);
// Parses erasures/{erasure}, of the field "name". 0 when it is invalid.
std::int64_t ErasureId(std::string_view name, Violations& violations);

}  // namespace lmsmail::preference
