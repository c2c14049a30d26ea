#include "services/gateway/connect/json_writer.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/field_mask_util.h>
#include <google/protobuf/util/time_util.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"

#include "services/gateway/connect/json_kind.h"

namespace lmsmail::gateway {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::DynamicCastToGenerated;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::Reflection;
using google::protobuf::util::FieldMaskUtil;
using google::protobuf::util::TimeUtil;
using nlohmann::ordered_json;

ordered_json Number(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return number;
}

// Numbers in a Struct are doubles; most are meant as integers.
ordered_json StructNumber(double number) {
  constexpr double kExact = 9007199254740992;  // 2^53
  if (std::abs(number) < kExact && number == std::trunc(number)) {
    return static_cast<std::int64_t>(number);
  }
  return Number(number);
}

ordered_json Write(const google::protobuf::Value& value);

ordered_json Write(const google::protobuf::Struct& object) {
  ordered_json json = ordered_json::object();
  for (const auto& [name, value] : object.fields()) json[name] = Write(value);
  return json;
}

ordered_json Write(const google::protobuf::ListValue& list) {
  ordered_json json = ordered_json::array();
  for (const auto& value : list.values()) json.push_back(Write(value));
  return json;
}

ordered_json Write(const google::protobuf::Value& value) {
  switch (value.kind_case()) {
    case google::protobuf::Value::kNumberValue:
      return StructNumber(value.number_value());
    case google::protobuf::Value::kStringValue:
      return value.string_value();
    case google::protobuf::Value::kBoolValue:
      return value.bool_value();
    case google::protobuf::Value::kStructValue:
      return Write(value.struct_value());
    case google::protobuf::Value::kListValue:
      return Write(value.list_value());
    default:
      return nullptr;
  }
}

// A type that this binary does not know keeps its bytes.
ordered_json Write(const google::protobuf::Any& any) {
  ordered_json json = {{"@type", any.type_url()}};
  const auto* const type = DescriptorPool::generated_pool()->FindMessageTypeByName(
      any.type_url().substr(any.type_url().rfind('/') + 1));
  std::unique_ptr<Message> message;
  if (type != nullptr) {
    message.reset(MessageFactory::generated_factory()->GetPrototype(type)->New());
  }
  if (message == nullptr || !message->ParseFromString(any.value())) {
    json["value"] = absl::Base64Escape(any.value());
    return json;
  }
  ordered_json content = WriteJson(*message);
  if (FormOf(*type) == MessageForm::kFields) {
    json.update(content);
  } else {
    json["value"] = std::move(content);
  }
  return json;
}

ordered_json WriteEnum(const FieldDescriptor& field, int number) {
  const auto* const value = field.enum_type()->FindValueByNumber(number);
  if (value == nullptr) return number;  // of a newer version of the service
  return value->name();
}

ordered_json WriteString(const FieldDescriptor& field, const std::string& text) {
  return field.type() == FieldDescriptor::TYPE_BYTES ? absl::Base64Escape(text) : text;
}

// One value of the field: its only one, or the element `index` of a list.
ordered_json WriteValue(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& in = *message.GetReflection();
  const FieldDescriptor* const f = &field;
  const bool element = field.is_repeated();
  std::string scratch;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return element ? in.GetRepeatedBool(message, f, index) : in.GetBool(message, f);
    case FieldDescriptor::CPPTYPE_INT32:
      return element ? in.GetRepeatedInt32(message, f, index) : in.GetInt32(message, f);
    case FieldDescriptor::CPPTYPE_UINT32:
      return element ? in.GetRepeatedUInt32(message, f, index) : in.GetUInt32(message, f);
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(element ? in.GetRepeatedInt64(message, f, index)
                                    : in.GetInt64(message, f));
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(element ? in.GetRepeatedUInt64(message, f, index)
                                    : in.GetUInt64(message, f));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Number(element ? in.GetRepeatedFloat(message, f, index) : in.GetFloat(message, f));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Number(element ? in.GetRepeatedDouble(message, f, index) : in.GetDouble(message, f));
    case FieldDescriptor::CPPTYPE_ENUM:
      return WriteEnum(field, element ? in.GetRepeatedEnumValue(message, f, index)
                                      : in.GetEnumValue(message, f));
    case FieldDescriptor::CPPTYPE_STRING:
      return WriteString(field, element ? in.GetRepeatedStringReference(message, f, index, &scratch)
                                        : in.GetStringReference(message, f, &scratch));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return WriteJson(element ? in.GetRepeatedMessage(message, f, index) : in.GetMessage(message, f));
}

std::string KeyText(const ordered_json& key) {
  return key.is_string() ? key.get<std::string>() : key.dump();
}

ordered_json WriteMap(const Message& message, const FieldDescriptor& field) {
  ordered_json json = ordered_json::object();
  const Reflection& in = *message.GetReflection();
  for (int i = 0; i < in.FieldSize(message, &field); ++i) {
    const Message& entry = in.GetRepeatedMessage(message, &field, i);
    const ordered_json key = WriteValue(entry, *field.message_type()->map_key(), 0);
    json[KeyText(key)] = WriteValue(entry, *field.message_type()->map_value(), 0);
  }
  return json;
}

ordered_json WriteField(const Message& message, const FieldDescriptor& field) {
  if (field.is_map()) return WriteMap(message, field);
  if (!field.is_repeated()) return WriteValue(message, field, 0);
  ordered_json json = ordered_json::array();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    json.push_back(WriteValue(message, field, i));
  }
  return json;
}

ordered_json WriteFields(const Message& message) {
  ordered_json json = ordered_json::object();
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    json[field->json_name()] = WriteField(message, *field);
  }
  return json;
}

}  // namespace

ordered_json WriteJson(const Message& message) {
  using namespace google::protobuf;  // NOLINT: names of well-known types
  switch (FormOf(*message.GetDescriptor())) {
    case MessageForm::kFields:
      return WriteFields(message);
    case MessageForm::kWrapper:
      return WriteValue(message, *message.GetDescriptor()->field(0), 0);
    case MessageForm::kValue:
      return Write(*DynamicCastToGenerated<Value>(&message));
    case MessageForm::kList:
      return Write(*DynamicCastToGenerated<ListValue>(&message));
    case MessageForm::kObject:
      if (const auto* any = DynamicCastToGenerated<Any>(&message)) return Write(*any);
      return Write(*DynamicCastToGenerated<Struct>(&message));
    case MessageForm::kText:
      break;
  }
  if (const auto* time = DynamicCastToGenerated<Timestamp>(&message)) {
    return TimeUtil::ToString(*time);
  }
  if (const auto* duration = DynamicCastToGenerated<Duration>(&message)) {
    return TimeUtil::ToString(*duration);
  }
  std::string mask;
  FieldMaskUtil::ToJsonString(*DynamicCastToGenerated<FieldMask>(&message), &mask);
  return mask;
}

}  // namespace lmsmail::gateway
