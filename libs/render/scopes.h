#pragma once

#include <google/protobuf/struct.pb.h>

#include <span>
#include <string>

#include "libs/render/values.h"

namespace lmsmail::render {

// Where a mail's top-level variables are looked up, first match wins: what must not be overridden
// (unsubscribe_url) before the mail's own context before the site's defaults. Null entries are not
// allowed.
using Scopes = std::span<const Object* const>;
// The same of contexts that are only looked at and not rendered.
using StructScopes = std::span<const google::protobuf::Struct* const>;

// Null when none of `scopes` has it.
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
