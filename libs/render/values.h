#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <string_view>

#include "libs/render/values.pb.h"

namespace lmsmail::render {

// Reads a serialized google.protobuf.Struct. False when it is none; `out` holds anything then.
bool ParseValues(const std::string& serialized, Object& out);

// Puts `object` and all within it into the order that Find() needs. Of a name that occurs twice the
// last counts, as in a map. To be called by whoever fills an Object otherwise than by ParseValues.
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
