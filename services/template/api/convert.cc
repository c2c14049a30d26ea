#include "services/template/api/convert.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

#include "libs/hash/sha256.h"
#include "libs/protobuf/deterministic_bytes.h"
#include "libs/protobuf/time.h"
#include "libs/render/encode.h"
#include "libs/render/typed_value.h"
#include "libs/status/status_macros.h"
#include "services/template/api/resource_names.h"

namespace lmsmail::templates {
namespace {

using google::protobuf::Value;
using render::VariableType;

// The names of both are the same: TYPE_DATE is "date".
std::string NameOf(VariableType type) {
  return absl::AsciiStrToUpper(fmt::format("type_{}", VariableTypeName(type)));
}

v1::Variable::Type ToProto(VariableType type) {
  v1::Variable::Type out = v1::Variable::TYPE_UNSPECIFIED;
  v1::Variable::Type_Parse(NameOf(type), &out);
  return out;
}

VariableType FromProto(v1::Variable::Type type, const std::string& field, Violations& violations) {
  std::vector<std::string> names;
  for (const auto& [domain, name] : render::kVariableTypes) {
    if (ToProto(domain) == type) return domain;
    names.push_back(NameOf(domain));
  }
  violations.Add(field, fmt::format("is required: give one of {}", fmt::join(names, ", ")));
  return VariableType::kString;
}

// The form of render::ParseMoney(); empty if the sample is no amount.
std::string MoneySample(const Value& sample) {
  const auto money = render::MoneyOf(sample);
  return money ? fmt::format("{} {}", money->minor_units, money->currency_code) : "";
}

// Reports a sample of the wrong kind. ValidateContent checks whether a string is a URL.
std::string SampleFromProto(const Value& sample, VariableType type, const std::string& field,
                            Violations& violations) {
  const bool number = type == VariableType::kNumber || type == VariableType::kPercent;
  const bool boolean = type == VariableType::kBoolean;
  const bool money = type == VariableType::kMoney;
  const bool text =
      !number && !boolean && !money && type != VariableType::kObject && type != VariableType::kList;
  switch (sample.kind_case()) {
    case Value::kStringValue:
      if (text) return sample.string_value();
      break;
    case Value::kNumberValue:
      if (number) {
        std::string out;
        render::AppendNumber(sample.number_value(), out);
        return out;
      }
      break;
    case Value::kBoolValue:
      if (boolean) return sample.bool_value() ? "true" : "false";
      break;
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      return "";
    case Value::kStructValue:
      if (std::string amount = MoneySample(sample); money && !amount.empty()) return amount;
      break;
    case Value::kListValue:
      break;
  }
  violations.Add(field, number    ? "is not a number"
                        : boolean ? "is neither true nor false"
                        : money   ? fmt::format("is not {}", render::FormOf(type))
                        : text
                            ? "is not a string"
                            : "is not allowed for lists and objects: give samples of their fields");
  return "";
}

Value SampleToProto(const Variable& variable) {
  Value value;
  double number = 0;
  switch (variable.type) {
    case VariableType::kNumber:
    case VariableType::kPercent:
      if (absl::SimpleAtod(variable.sample, &number)) value.set_number_value(number);
      break;
    case VariableType::kBoolean:
      value.set_bool_value(variable.sample == "true");
      break;
    case VariableType::kMoney:
      if (const auto money = render::ParseMoney(variable.sample)) {
        auto& fields = *value.mutable_struct_value()->mutable_fields();
        fields["amount_minor"].set_string_value(fmt::format("{}", money->minor_units));
        fields["currency_code"].set_string_value(std::string(money->currency_code));
      }
      break;
    default:
      value.set_string_value(variable.sample);
  }
  return value;
}

}  // namespace

lmsmail::type::v1::Category ToProto(Category category) {
  return static_cast<lmsmail::type::v1::Category>(category);
}

Category FromProto(lmsmail::type::v1::Category category, Violations& violations) {
  if (category == lmsmail::type::v1::CATEGORY_UNSPECIFIED ||
      !lmsmail::type::v1::Category_IsValid(category)) {
    violations.Add("category", "is required: give one of the named categories");
    return Category::kAnnouncement;
  }
  return static_cast<Category>(category);
}

std::vector<LocalizedContent> FromProto(
    const google::protobuf::RepeatedPtrField<v1::LocalizedContent>& contents) {
  std::vector<LocalizedContent> out;
  for (const v1::LocalizedContent& localized : contents) {
    out.push_back(
        {localized.language_code(), localized.subject(), localized.html(), localized.text()});
  }
  return out;
}

std::vector<Variable> FromProto(const google::protobuf::RepeatedPtrField<v1::Variable>& variables,
                                Violations& violations) {
  std::vector<Variable> out;
  for (const v1::Variable& variable : variables) {
    const std::string field = fmt::format("variables[{}]", out.size());
    const VariableType type = FromProto(variable.type(), field + ".type", violations);
    out.push_back(
        {.name = variable.name(),
         .type = type,
         .required = variable.required(),
         .description = variable.description(),
         .sample = SampleFromProto(variable.sample(), type, field + ".sample", violations)});
  }
  return out;
}

TemplateContent ContentFromProto(const v1::Template& message, Violations& violations) {
  return {.languages = FromProto(message.contents()),
          .variables = FromProto(message.variables(), violations),
          .unescaped_variables = {message.unescaped_variables().begin(),
                                  message.unescaped_variables().end()}};
}

void ToProto(const Variable& variable, v1::Variable& message) {
  message.set_name(variable.name);
  message.set_type(ToProto(variable.type));
  message.set_required(variable.required);
  message.set_description(variable.description);
  if (!variable.sample.empty()) *message.mutable_sample() = SampleToProto(variable);
}

template <typename Message>
void ContentToProto(const TemplateContent& content, Message& message) {
  for (const LocalizedContent& localized : content.languages) {
    v1::LocalizedContent& out = *message.add_contents();
    out.set_language_code(localized.language_code);
    out.set_subject(localized.subject);
    out.set_html(localized.html);
    out.set_text(localized.text);
  }
  for (const Variable& variable : content.variables) ToProto(variable, *message.add_variables());
  for (const std::string& name : content.unescaped_variables) {
    message.add_unescaped_variables(name);
  }
}
template void ContentToProto(const TemplateContent&, v1::Template&);
template void ContentToProto(const TemplateContent&, v1::TemplateVersion&);

void ToProto(const Template& state, v1::Template& message) {
  message.set_name(TemplateName(state.id));
  message.set_category(ToProto(state.category));
  message.set_display_name(state.display_name);
  message.set_description(state.description);
  message.set_latest_version(state.latest_version);
  message.set_published_version(state.published_version);
  message.set_built_in(state.built_in);
  *message.mutable_create_time() = protobuf::ToProto(state.create_time);
  *message.mutable_update_time() = protobuf::ToProto(state.update_time);
  if (state.delete_time) *message.mutable_delete_time() = protobuf::ToProto(*state.delete_time);
  message.set_etag(EtagOf(state));
}

void ToProto(const Found& found, v1::Template& message) {
  ToProto(found.state, message);
  if (!found.version) return;
  message.set_version(found.version->number);
  ContentToProto(found.version->content, message);
}

absl::Status ToProto(const absl::StatusOr<Found>& found, v1::Template& message) {
  LMSMAIL_RETURN_IF_ERROR(found.status());
  ToProto(*found, message);
  return absl::OkStatus();
}

void ToProto(const Template& state, const Version& version, v1::TemplateVersion& message) {
  message.set_name(TemplateVersionName(state.id, version.number));
  message.set_version(version.number);
  message.set_category(ToProto(state.category));
  ContentToProto(version.content, message);
  message.set_digest(version.digest);
  message.set_built_in(version.built_in);
  *message.mutable_create_time() = protobuf::ToProto(version.create_time);
}

std::int64_t DigestOf(const v1::CreateTemplateRequest& request) {
  v1::CreateTemplateRequest body = request;
  body.clear_request_id();
  return hash::Digest64(protobuf::DeterministicBytes(body));
}

}  // namespace lmsmail::templates
