#include "services/template/storage/content_json.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <optional>
#include <utility>

#include "services/template/domain/declarations.h"

namespace lmsmail::templates {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

Value& Field(Struct& object, const std::string& name) { return (*object.mutable_fields())[name]; }

void Set(Struct& object, const std::string& name, const std::string& text) {
  Field(object, name).set_string_value(text);
}

std::string Text(const Struct& object, const std::string& name) {
  const auto field = object.fields().find(name);
  return field == object.fields().end() ? "" : field->second.string_value();
}

const ListValue& List(const Struct& object, const std::string& name) {
  const auto field = object.fields().find(name);
  return field == object.fields().end() ? ListValue::default_instance()
                                        : field->second.list_value();
}

LocalizedContent LocalizedFromJson(const Struct& object) {
  return {Text(object, "languageCode"), Text(object, "subject"), Text(object, "html"),
          Text(object, "text")};
}

std::optional<Variable> VariableFromJson(const Struct& object) {
  const auto type = ParseVariableType(Text(object, "type"));
  if (!type) return std::nullopt;
  const auto required = object.fields().find("required");
  return Variable{.name = Text(object, "name"),
                  .type = *type,
                  .required = required != object.fields().end() && required->second.bool_value(),
                  .description = Text(object, "description"),
                  .sample = Text(object, "sample")};
}

}  // namespace

absl::StatusOr<std::string> ContentToJson(const TemplateContent& content) {
  Struct object;
  ListValue& languages = *Field(object, "contents").mutable_list_value();
  for (const LocalizedContent& localized : content.languages) {
    Struct& entry = *languages.add_values()->mutable_struct_value();
    Set(entry, "languageCode", localized.language_code);
    Set(entry, "subject", localized.subject);
    Set(entry, "html", localized.html);
    Set(entry, "text", localized.text);
  }
  ListValue& variables = *Field(object, "variables").mutable_list_value();
  for (const Variable& variable : content.variables) {
    Struct& entry = *variables.add_values()->mutable_struct_value();
    Set(entry, "name", variable.name);
    Set(entry, "type", std::string(render::VariableTypeName(variable.type)));
    Field(entry, "required").set_bool_value(variable.required);
    Set(entry, "description", variable.description);
    Set(entry, "sample", variable.sample);
  }
  ListValue& unescaped = *Field(object, "unescapedVariables").mutable_list_value();
  for (const std::string& name : content.unescaped_variables) {
    unescaped.add_values()->set_string_value(name);
  }
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(object, &json).ok()) {
    return absl::InternalError("the content cannot be converted to JSON");
  }
  return json;
}

absl::StatusOr<TemplateContent> ContentFromJson(const std::string& json) {
  Struct object;
  if (!google::protobuf::util::JsonStringToMessage(json, &object).ok()) {
    return absl::InternalError("the stored content is not a JSON object");
  }
  TemplateContent content;
  for (const auto& value : List(object, "contents").values()) {
    content.languages.push_back(LocalizedFromJson(value.struct_value()));
  }
  for (const auto& value : List(object, "variables").values()) {
    auto variable = VariableFromJson(value.struct_value());
    if (!variable) return absl::InternalError("the stored content has a variable of unknown type");
    content.variables.push_back(*std::move(variable));
  }
  for (const auto& value : List(object, "unescapedVariables").values()) {
    content.unescaped_variables.push_back(value.string_value());
  }
  return content;
}

}  // namespace lmsmail::templates
