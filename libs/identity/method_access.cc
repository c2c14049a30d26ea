#include "libs/identity/method_access.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libs/identity/role_names.h"
#include "libs/status/error_details.h"
#include "libs/strings/view.h"

namespace lmsmail::identity {

MethodAccess MethodAccess::Of(const google::protobuf::MethodDescriptor& method) {
  using google::protobuf::MethodOptions;
  const auto& allow = method.options().GetExtension(type::v1::allow);
  MethodAccess access{.method = fmt::format("{}/{}", method.service()->full_name(), method.name())};
  for (const int role : allow.roles()) access.roles.push_back(static_cast<Role>(role));
  access.audited =
      !allow.unaudited() && method.options().idempotency_level() != MethodOptions::NO_SIDE_EFFECTS;
  return access;
}

absl::Status MethodAccess::Check(const Caller& caller) const {
  std::vector<std::string> names;
  for (const Role role : roles) {
    if (caller.May(role)) return absl::OkStatus();
    names.push_back(RoleName(role));
  }
  return WithReason(
      absl::PermissionDeniedError(ToAbsl(
          fmt::format("{} may not call {}: it needs the role {}", caller.name, method,
                      names.empty() ? "of nobody" : fmt::format("{}", fmt::join(names, " or "))))),
      {"ROLE_REQUIRED", {{"roles", fmt::format("{}", fmt::join(names, ","))}}});
}

}  // namespace lmsmail::identity
