#pragma once

#include "libs/school/school.h"
#include "libs/status/error_details.h"

namespace lmsmail::preference {

// Returns all violations. Their fields are those of the proto's School.
Violations CheckSchool(const school::School& school);

}  // namespace lmsmail::preference
