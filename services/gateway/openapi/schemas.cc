#include "services/gateway/openapi/schemas.h"

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <utility>

#include "services/gateway/connect/json_kind.h"
#include "services/gateway/openapi/comments.h"

namespace lmsmail::gateway {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;
using nlohmann::ordered_json;

namespace {

ordered_json ReferenceTo(const std::string& name) {
  return {{"$ref", "#/components/schemas/" + name}};
}

// Null for a message that is an object with its fields.
ordered_json WellKnown(const std::string& name) {
  static const std::map<std::string, ordered_json> known = {
      {"google.protobuf.Timestamp", {{"type", "string"}, {"format", "date-time"}}},
      {"google.protobuf.Duration",
       {{"type", "string"}, {"pattern", R"(^-?[0-9]+(\.[0-9]{1,9})?s$)"}}},
      {"google.protobuf.FieldMask", {{"type", "string"}}},
      {"google.protobuf.Struct", {{"type", "object"}, {"additionalProperties", true}}},
      {"google.protobuf.ListValue", {{"type", "array"}, {"items", ordered_json::object()}}},
      {"google.protobuf.Value", ordered_json::object()},
      {"google.protobuf.Empty", {{"type", "object"}, {"additionalProperties", false}}},
      {"google.protobuf.Any",
       {{"type", "object"},
        {"properties", {{"@type", {{"type", "string"}}}}},
        {"required", ordered_json::array({"@type"})},
        {"additionalProperties", true}}}};
  const auto found = known.find(name);
  return found == known.end() ? ordered_json() : found->second;
}

ordered_json Scalar(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_INT32:
      return {{"type", "integer"}, {"format", "int32"}};
    case FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"}, {"format", "int64"}, {"minimum", 0}};
    case FieldDescriptor::CPPTYPE_INT64:  // JavaScript has no integers beyond 53 bits
      return {{"type", "string"}, {"format", "int64"}, {"pattern", "^-?[0-9]+$"}};
    case FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", "string"}, {"format", "uint64"}, {"pattern", "^[0-9]+$"}};
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {{"type", "number"}, {"format", "double"}};
    default:
      break;
  }
  if (field.type() != FieldDescriptor::TYPE_BYTES) return {{"type", "string"}};
  return {{"type", "string"}, {"contentEncoding", "base64"}};
}

void Describe(const std::string& comment, ordered_json& schema) {
  if (!comment.empty()) schema["description"] = comment;
}

// One of the fields; none of them, too, unless one is required.
ordered_json OneOf(const OneofDescriptor& oneof, bool required) {
  ordered_json alternatives = ordered_json::array();
  for (int i = 0; i < oneof.field_count(); ++i) {
    alternatives.push_back({{"required", ordered_json::array({oneof.field(i)->json_name()})}});
  }
  if (!required) alternatives.push_back({{"not", {{"anyOf", alternatives}}}});
  ordered_json schema = {{"oneOf", std::move(alternatives)}};
  Describe(CommentOf(oneof), schema);
  return schema;
}

}  // namespace

ordered_json Schemas::Of(const Descriptor& type) {
  ordered_json known = WellKnown(type.full_name());
  if (!known.is_null()) return known;
  // Known before its fields are, because a type may contain itself.
  if (all_.emplace(type.full_name(), nullptr).second) all_[type.full_name()] = OfMessage(type);
  return ReferenceTo(type.full_name());
}

void Schemas::AddResponse(const Descriptor& type) {
  if (!in_responses_.insert(&type).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->message_type() != nullptr) AddResponse(*type.field(i)->message_type());
  }
}

ordered_json Schemas::TakeAll() {
  ordered_json schemas = ordered_json::object();
  for (auto& [name, schema] : std::exchange(all_, {})) schemas[name] = std::move(schema);
  return schemas;
}

ordered_json Schemas::OfMessage(const Descriptor& type) {
  const bool request_only = !in_responses_.contains(&type);
  ordered_json properties = ordered_json::object();
  ordered_json required = ordered_json::array();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    properties[field.json_name()] = OfField(field);
    if (request_only && IsRequired(CommentOf(field))) required.push_back(field.json_name());
  }
  ordered_json schema = {{"type", "object"}};
  Describe(CommentOf(type), schema);
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
    const OneofDescriptor& oneof = *type.oneof_decl(i);
    schema["allOf"].push_back(OneOf(oneof, request_only && IsRequired(CommentOf(oneof))));
  }
  return schema;
}

ordered_json Schemas::OfField(const FieldDescriptor& field) {
  ordered_json schema;
  if (field.is_map()) {
    schema = {{"type", "object"},
              {"additionalProperties", OfSingle(*field.message_type()->map_value())}};
  } else if (field.is_repeated()) {
    schema = {{"type", "array"}, {"items", OfSingle(field)}};
  } else {
    schema = OfSingle(field);
  }
  Describe(CommentOf(field), schema);
  if (field.options().deprecated()) schema["deprecated"] = true;
  return schema;
}

ordered_json Schemas::OfSingle(const FieldDescriptor& field) {
  if (const Descriptor* const type = field.message_type()) {
    return FormOf(*type) == MessageForm::kWrapper ? OfSingle(*type->field(0)) : Of(*type);
  }
  if (field.enum_type() == nullptr) return Scalar(field);
  const std::string& name = field.enum_type()->full_name();
  if (!all_.contains(name)) all_[name] = OfEnum(*field.enum_type());
  return ReferenceTo(name);
}

ordered_json Schemas::OfEnum(const EnumDescriptor& type) const {
  std::string description = CommentOf(type);
  ordered_json names = ordered_json::array();
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    names.push_back(value.name());
    description += (i == 0 ? "\n\n- `" : "\n- `") + value.name() + "`: " + CommentOf(value);
  }
  return {{"type", "string"}, {"description", std::move(description)}, {"enum", std::move(names)}};
}

}  // namespace lmsmail::gateway
