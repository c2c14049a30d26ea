#include "libs/render/values.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace lmsmail::render {
namespace {

void SortWithin(Value& value) {
  if (value.has_struct_value()) return SortFields(*value.mutable_struct_value());
  if (!value.has_list_value()) return;
  for (Value& item : *value.mutable_list_value()->mutable_values()) SortWithin(item);
}

// Sorts the fields. Of those with the same name only the last is kept.
void SortAndDeduplicate(google::protobuf::RepeatedPtrField<Field>& fields) {
  std::stable_sort(fields.pointer_begin(), fields.pointer_end(),
                   [](const Field* a, const Field* b) { return a->name() < b->name(); });
  int kept = 0;
  for (int i = 0; i < fields.size(); ++i) {
    const bool repeated = kept > 0 && fields[kept - 1].name() == fields[i].name();
    fields.SwapElements(repeated ? kept - 1 : kept++, i);
  }
  fields.DeleteSubrange(kept, fields.size() - kept);
}

}  // namespace

bool ParseValues(const std::string& serialized, Object& out) {
  if (!out.ParseFromString(serialized)) return false;
  SortFields(out);
  return true;
}

void SortFields(Object& object) {
  auto& fields = *object.mutable_fields();
  // Usually nothing is to be done, because contexts are stored in this order.
  const auto not_before = [](const Field& a, const Field& b) { return a.name() >= b.name(); };
  if (std::adjacent_find(fields.begin(), fields.end(), not_before) != fields.end()) {
    SortAndDeduplicate(fields);
  }
  for (Field& field : fields) SortWithin(*field.mutable_value());
}

Object FromStruct(const google::protobuf::Struct& values) {
  const std::string bytes = values.SerializeAsString();
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  input.SetRecursionLimit(std::numeric_limits<int>::max());  // `values` is as deep already
  Object object;
  object.ParseFromCodedStream(&input);
  SortFields(object);
  return object;
}

google::protobuf::Struct ToStruct(const Object& object) {
  google::protobuf::Struct values;
  values.ParseFromString(object.SerializeAsString());
  return values;
}

const Value* Find(const Object& object, std::string_view name) {
  const auto& fields = object.fields();
  const auto it = std::lower_bound(
      fields.begin(), fields.end(), name,
      [](const Field& field, std::string_view n) { return std::string_view(field.name()) < n; });
  return it == fields.end() || it->name() != name ? nullptr : &it->value();
}

}  // namespace lmsmail::render
