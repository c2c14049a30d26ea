#include "libs/render/sample_context.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "absl/strings/numbers.h"

#include "libs/render/typed_value.h"

namespace lmsmail::render {
namespace {

using google::protobuf::Value;

constexpr int kItems = 2;

Value Sample(const Schema& schema);

std::string_view Placeholder(VariableType type) {
  switch (type) {
    case VariableType::kDate:
      return "2026-12-07";
    case VariableType::kDays:
      return "2026-11-16/2026-11-22";
    case VariableType::kChoice:
      return "other";
    case VariableType::kColor:
      return "#0b6b61";
    default:
      return "2026-12-07T18:00:00Z";
  }
}

void AddFields(const Schema& schema, google::protobuf::Struct& out) {
  for (const auto& [name, field] : schema.fields) (*out.mutable_fields())[name] = Sample(*field);
}

Value Sample(const Schema& schema) {
  Value value;
  switch (schema.type) {
    case VariableType::kString:
      value.set_string_value(schema.sample.empty() ? fmt::format("[{}]", schema.path)
                                                   : schema.sample);
      break;
    case VariableType::kNumber:
    case VariableType::kPercent: {
      double number = 1;
      if (!schema.sample.empty() && !absl::SimpleAtod(schema.sample, &number)) number = 1;
      value.set_number_value(number);
      break;
    }
    case VariableType::kBoolean:
      value.set_bool_value(schema.sample != "false");
      break;
    case VariableType::kUrl:
      value.set_string_value(schema.sample.empty() ? "https://example.com/" : schema.sample);
      break;
    case VariableType::kMoney: {
      const locale::Money money = ParseMoney(schema.sample).value_or(locale::Money{4999, "EUR"});
      auto& fields = *value.mutable_struct_value()->mutable_fields();
      fields["amount_minor"].set_string_value(fmt::format("{}", money.minor_units));
      fields["currency_code"].set_string_value(std::string(money.currency_code));
      break;
    }
    case VariableType::kDate:
    case VariableType::kTime:
    case VariableType::kDateTime:
    case VariableType::kDays:
    case VariableType::kChoice:
    case VariableType::kColor:
      value.set_string_value(schema.sample.empty() ? std::string(Placeholder(schema.type))
                                                   : schema.sample);
      break;
    case VariableType::kObject:
      AddFields(schema, *value.mutable_struct_value());
      break;
    case VariableType::kList:
      for (int i = 0; i < kItems; ++i) {
        Value& item = *value.mutable_list_value()->add_values();
        if (schema.fields.empty()) {
          item.set_string_value(fmt::format("[{} {}]", schema.path, i + 1));
        } else {
          AddFields(schema, *item.mutable_struct_value());
        }
      }
      break;
  }
  return value;
}

}  // namespace

google::protobuf::Struct SampleContext(const Schema& root) {
  google::protobuf::Struct context;
  AddFields(root, context);
  return context;
}

}  // namespace lmsmail::render
