#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/identity/caller.h"

namespace lmsmail::identity {

// "operator" for ROLE_OPERATOR.
std::string RoleName(Role role);

// The roles of the suite's services.
const std::vector<Role>& ServiceRoles();

// INVALID_ARGUMENT, with the names there are, for a name that is none.
absl::StatusOr<Roles> RolesFromNames(const std::vector<std::string>& names);

}  // namespace lmsmail::identity
