#pragma once

#include <google/protobuf/struct.pb.h>

#include <span>

namespace lmsmail::render {

// Where a mail's top-level variables are looked up, first match wins: what must not be overridden
// (unsubscribe_url) before the mail's own context before the site's defaults. Null entries are not
// allowed.
using Scopes = std::span<const google::protobuf::Struct* const>;

inline const google::protobuf::Value* Find(const google::protobuf::Struct& fields,
                                           const std::string& name) {
  const auto it = fields.fields().find(name);
  return it == fields.fields().end() ? nullptr : &it->second;
}

inline const google::protobuf::Value* Find(Scopes scopes, const std::string& name) {
  for (const google::protobuf::Struct* scope : scopes) {
    if (const google::protobuf::Value* value = Find(*scope, name)) return value;
  }
  return nullptr;
}

}  // namespace lmsmail::render
