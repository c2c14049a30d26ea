#include "libs/render/sample_context.h"

#include <fmt/format.h>

#include <string>

#include "absl/strings/numbers.h"

namespace lmsmail::render {
namespace {

using google::protobuf::Value;

constexpr int kItems = 2;

Value Sample(const Declared& declared);

void AddFields(const Declared& declared, google::protobuf::Struct& out) {
  for (const auto& [name, field] : declared.fields) (*out.mutable_fields())[name] = Sample(*field);
}

Value Sample(const Declared& declared) {
  Value value;
  switch (declared.type) {
    case VariableType::kString:
      value.set_string_value(declared.sample.empty() ? fmt::format("[{}]", declared.path)
                                                     : declared.sample);
      break;
    case VariableType::kNumber: {
      double number = 1;
      if (!declared.sample.empty() && !absl::SimpleAtod(declared.sample, &number)) number = 1;
      value.set_number_value(number);
      break;
    }
    case VariableType::kBoolean:
      value.set_bool_value(declared.sample != "false");
      break;
    case VariableType::kUrl:
      value.set_string_value(declared.sample.empty() ? "https://example.com/" : declared.sample);
      break;
    case VariableType::kObject:
      AddFields(declared, *value.mutable_struct_value());
      break;
    case VariableType::kList:
      for (int i = 0; i < kItems; ++i) {
        Value& item = *value.mutable_list_value()->add_values();
        if (declared.fields.empty()) {
          item.set_string_value(fmt::format("[{} {}]", declared.path, i + 1));
        } else {
          AddFields(declared, *item.mutable_struct_value());
        }
      }
      break;
  }
  return value;
}

}  // namespace

google::protobuf::Struct SampleContext(const Declared& root) {
  google::protobuf::Struct context;
  AddFields(root, context);
  return context;
}

}  // namespace lmsmail::render
