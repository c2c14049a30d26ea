#include <google/protobuf/struct.pb.h>
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "libs/render/values.h"

namespace {

using namespace lmsmail::render;  // NOLINT: a program of its own

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckOrder(const Object& object);

void CheckOrder(const Value& value) {
  if (value.has_struct_value()) CheckOrder(value.struct_value());
  for (const Value& item : value.list_value().values()) CheckOrder(item);
}

void CheckOrder(const Object& object) {
  const std::string* before = nullptr;
  for (const Field& field : object.fields()) {
    Require(before == nullptr || *before < field.name());
    before = &field.name();
    Require(Find(object, field.name()) == &field.value());
    CheckOrder(field.value());
  }
}

}  // namespace

// Silences what protobuf prints about texts that are not UTF-8.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

// The input is a serialized google.protobuf.Struct, which is read as the log's contexts are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string serialized(reinterpret_cast<const char*>(data), size);
  Object object;
  if (!ParseValues(serialized, object)) return 0;
  CheckOrder(object);
  Object again;
  Require(ParseValues(object.SerializeAsString(), again));
  Require(again.SerializeAsString() == object.SerializeAsString());
  google::protobuf::Struct values;
  if (!values.ParseFromString(serialized)) return 0;
  const Object converted = FromStruct(values);
  CheckOrder(converted);
  Require(converted.fields_size() == object.fields_size());
  CheckOrder(FromStruct(ToStruct(object)));
  return 0;
}
