#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <string_view>

#include "libs/render/values.pb.h"

namespace lmsmail::render {

// Parses a serialized google.protobuf.Struct. Returns false when it is malformed; `out` is then
// unspecified.
bool ParseValues(const std::string& serialized, Object& out);

// Sorts the fields of `object` and of all objects within it, as Find() requires. Of a repeated name
// the last occurrence is kept, as in a map. Call it after filling an Object without ParseValues.
void SortFields(Object& object);

Object FromStruct(const google::protobuf::Struct& values);
google::protobuf::Struct ToStruct(const Object& object);

// Null when `object` has no such field.
const Value* Find(const Object& object, std::string_view name);
inline const google::protobuf::Value* Find(const google::protobuf::Struct& object,
                                           const std::string& name) {
  const auto it = object.fields().find(name);
  return it == object.fields().end() ? nullptr : &it->second;
}

}  // namespace lmsmail::render
