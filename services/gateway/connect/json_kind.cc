#include "services/gateway/connect/json_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lmsmail::gateway {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

namespace {

constexpr std::string_view kTimestamp = "google.protobuf.Timestamp";
constexpr std::string_view kDuration = "google.protobuf.Duration";

std::string NamesOf(const EnumDescriptor& type) {
  std::string names;
  for (int i = 0; i < type.value_count(); ++i) {
    names += fmt::format("{}{}", i == 0 ? "" : ", ", type.value(i)->name());
  }
  return names;
}

bool IsNumber(JsonKind kind) { return kind == JsonKind::kInteger || kind == JsonKind::kFraction; }

bool AcceptsMessage(const Descriptor& type, JsonKind kind) {
  switch (FormOf(type)) {
    case MessageForm::kText:
      return kind == JsonKind::kString;
    case MessageForm::kList:
      return kind == JsonKind::kArray;
    case MessageForm::kValue:
      return true;
    case MessageForm::kWrapper:
      return Accepts(*type.field(0), kind);
    case MessageForm::kFields:
    case MessageForm::kObject:
      return kind == JsonKind::kObject;
  }
  return false;
}

std::string ExpectedMessage(const Descriptor& type) {
  if (type.full_name() == kTimestamp) return "a time such as \"2027-01-31T09:00:00Z\"";
  if (type.full_name() == kDuration) return "seconds such as \"1.5s\"";
  switch (FormOf(type)) {
    case MessageForm::kText:
      return "names of fields such as \"displayName,timeZone\"";
    case MessageForm::kList:
      return "an array";
    case MessageForm::kValue:
      return "a value";
    case MessageForm::kWrapper:
      return Expectation(*type.field(0));
    case MessageForm::kFields:
    case MessageForm::kObject:
      break;
  }
  return "an object";
}

}  // namespace

MessageForm FormOf(const Descriptor& type) {
  if (type.file()->name() == "google/protobuf/wrappers.proto") return MessageForm::kWrapper;
  constexpr std::string_view kPackage = "google.protobuf.";
  std::string_view name = type.full_name();
  if (!name.starts_with(kPackage)) return MessageForm::kFields;
  name.remove_prefix(kPackage.size());
  if (name == "Timestamp" || name == "Duration" || name == "FieldMask") return MessageForm::kText;
  if (name == "Struct" || name == "Any") return MessageForm::kObject;
  if (name == "ListValue") return MessageForm::kList;
  return name == "Value" ? MessageForm::kValue : MessageForm::kFields;
}

bool Accepts(const FieldDescriptor& field, JsonKind kind) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return AcceptsMessage(*field.message_type(), kind);
    case FieldDescriptor::CPPTYPE_BOOL:
      return kind == JsonKind::kBoolean;
    case FieldDescriptor::CPPTYPE_STRING:
      return kind == JsonKind::kString;
    case FieldDescriptor::CPPTYPE_ENUM:
      return kind == JsonKind::kString || kind == JsonKind::kInteger;
    default:  // 1.0 and "1" are integers, too
      return kind == JsonKind::kString || IsNumber(kind);
  }
}

std::string Expectation(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ExpectedMessage(*field.message_type());
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? "a string of base64" : "a string";
    case FieldDescriptor::CPPTYPE_ENUM:
      return fmt::format("one of {}", NamesOf(*field.enum_type()));
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "a number";
    default:
      return fmt::format("a number of the type {}", field.cpp_type_name());
  }
}

}  // namespace lmsmail::gateway
