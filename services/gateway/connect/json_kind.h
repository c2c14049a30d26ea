#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

// How the proto3 JSON mapping (https://protobuf.dev/programming-guides/json/) writes a value.
namespace lmsmail::gateway {

enum class JsonKind { kNull, kBoolean, kInteger, kFraction, kString, kObject, kArray };

// What is special about a message in JSON.
enum class MessageForm {
  kFields,   // an object with the message's fields
  kText,     // a string: Timestamp, Duration, FieldMask
  kObject,   // any object: Struct, Any
  kList,     // any array: ListValue
  kValue,    // anything: Value
  kWrapper,  // the value of its only field: StringValue and the like
};
MessageForm FormOf(const google::protobuf::Descriptor& type);

// Whether one value of the field, which is an element if the field is repeated, may be of this
// kind.
bool Accepts(const google::protobuf::FieldDescriptor& field, JsonKind kind);

// What a caller must write for one value of the field: "a string", "one of A, B".
std::string Expectation(const google::protobuf::FieldDescriptor& field);

}  // namespace lmsmail::gateway
