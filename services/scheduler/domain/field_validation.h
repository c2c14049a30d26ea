#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "libs/status/error_details.h"

// Validation of single request fields. Each function adds at most one violation.
namespace lmsmail::scheduler {

// For the id of a new schedule or automation.
void CheckNewId(std::string_view id, std::string field, Violations& violations);
void CheckRequestId(std::string_view request_id, Violations& violations);
void CheckStudent(std::string_view name, std::string field, Violations& violations);
void CheckCourseId(std::string_view id, std::string field, Violations& violations);
void CheckDisplayName(std::string_view text, std::string_view field, Violations& violations);

}  // namespace lmsmail::scheduler
