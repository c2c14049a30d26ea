#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "libs/status/error_details.h"

// Validation of single request fields. Each function adds at most one violation.
namespace lmsmail::scheduler {

// The URL may be empty; else it is http or https and has at most 2000 characters.
void CheckUrl(std::string_view url, std::string field, Violations& violations);
// For the id of a new schedule or automation.
void CheckNewId(std::string_view id, std::string field, Violations& violations);
void CheckRequestId(std::string_view request_id, Violations& violations);
void CheckStudent(std::string_view name, std::string field, Violations& violations);
void CheckCourseId(std::string_view id, std::string field, Violations& violations);
void CheckDisplayName(std::string_view text, std::string_view field, Violations& violations);

}  // namespace lmsmail::scheduler
