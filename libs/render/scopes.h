#pragma once

#include <google/protobuf/struct.pb.h>

#include <span>
#include <string>

#include "libs/render/values.h"

namespace lmsmail::render {

// The objects in which a mail's top-level variables are looked up; the first match wins. Variables
// that must not be overridden (unsubscribe_url) come first, then the mail's own context, then the
// site's defaults. Entries must not be null.
using Scopes = std::span<const Object* const>;
// The same for contexts that are checked but not rendered.
using StructScopes = std::span<const google::protobuf::Struct* const>;

// Null when no scope has a field `name`.
template <typename Any>
auto Find(std::span<const Any* const> scopes, const std::string& name) {
  decltype(Find(**scopes.data(), name)) value = nullptr;
  for (const Any* scope : scopes) {
    value = Find(*scope, name);
    if (value != nullptr) break;
  }
  return value;
}

}  // namespace lmsmail::render
