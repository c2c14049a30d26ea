#include "libs/identity/role_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/descriptor.h>

#include <string_view>

#include "absl/strings/ascii.h"

#include "libs/strings/view.h"

namespace lmsmail::identity {
namespace {

constexpr std::string_view kPrefix = "ROLE_";

std::vector<Role> AllRoles() {
  std::vector<Role> roles;
  for (int i = 0; i < type::v1::Role_descriptor()->value_count(); ++i) {
    const int number = type::v1::Role_descriptor()->value(i)->number();
    if (number != type::v1::ROLE_UNSPECIFIED) roles.push_back(static_cast<Role>(number));
  }
  return roles;
}

}  // namespace

std::string RoleName(Role role) {
  return absl::AsciiStrToLower(type::v1::Role_Name(role).substr(kPrefix.size()));
}

const std::vector<Role>& ServiceRoles() {
  static const std::vector<Role> roles = {type::v1::ROLE_TEMPLATE, type::v1::ROLE_PREFERENCE,
                                          type::v1::ROLE_DISPATCH, type::v1::ROLE_SCHEDULER,
                                          type::v1::ROLE_REPORT,   type::v1::ROLE_GATEWAY};
  return roles;
}

absl::StatusOr<Roles> RolesFromNames(const std::vector<std::string>& names) {
  Roles roles;
  for (const std::string& name : names) {
    Role role = type::v1::ROLE_UNSPECIFIED;
    for (const Role known : AllRoles()) {
      if (RoleName(known) == name) role = known;
    }
    if (role == type::v1::ROLE_UNSPECIFIED) {
      std::vector<std::string> known;
      for (const Role each : AllRoles()) known.push_back(RoleName(each));
      return absl::InvalidArgumentError(
          ToAbsl(fmt::format("\"{}\" is no role; there are {}", name, fmt::join(known, ", "))));
    }
    roles.Add(role);
  }
  return roles;
}

}  // namespace lmsmail::identity
