#include "libs/render/sample_context.h"

#include <fmt/format.h>

#include <string>

#include "absl/strings/numbers.h"

namespace lmsmail::render {
namespace {

using google::protobuf::Value;

constexpr int kItems = 2;

Value Sample(const Schema& schema);

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
    case VariableType::kNumber: {
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
