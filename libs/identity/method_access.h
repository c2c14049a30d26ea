#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "libs/identity/caller.h"

namespace lmsmail::identity {

// Who may call a method, by its options in the proto: see lmsmail/type/v1/access.proto.
struct MethodAccess {
  std::string method;  // "lmsmail.templates.v1.TemplateService/GetTemplate"
  std::vector<Role> roles = {};
  bool audited = false;

  // Of a method without the option nobody may call it.
  static MethodAccess Of(const google::protobuf::MethodDescriptor& method);

  // PERMISSION_DENIED, with the roles of which the caller would need one, unless it has one.
  absl::Status Check(const Caller& caller) const;
};

}  // namespace lmsmail::identity
