#include "libs/render/context_check.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <type_traits>
#include <utility>

#include "libs/render/limits.h"
#include "libs/render/typed_value.h"

namespace lmsmail::render {
namespace {

template <typename Value>
std::string_view KindName(const Value& value) {
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return "boolean";
    case Value::kNumberValue:
      return "number";
    case Value::kStringValue:
      return "string";
    case Value::kListValue:
      return "list";
    case Value::kStructValue:
      return "object";
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      break;
  }
  return "null";
}

template <typename Value>
bool IsAbsent(const Value* value) {
  return value == nullptr || value->kind_case() == Value::kNullValue ||
         value->kind_case() == Value::KIND_NOT_SET;
}

// `Any` is an Object or a Struct.
template <typename Any>
class ContextChecker {
 public:
  using Value = std::remove_const_t<
      std::remove_pointer_t<decltype(Find(std::declval<const Any&>(), std::string()))>>;

  // The path is built only for errors: every mail's context is checked, and errors are rare.
  struct Path {
    const Path* parent;
    std::string_view name;
    int item = -1;

    std::string ToString() const {
      std::string out = parent ? parent->ToString() : "";
      if (item >= 0) return fmt::format("{}[{}]", out, item);
      if (!out.empty()) out += '.';
      return out += name;
    }
  };

  void Check(const Schema& schema, const Value* value, const Path& path) {
    if (IsAbsent(value)) {
      if (schema.required) Fail(path, "is missing");
      // An object that is declared by dotted names only is required when one of its fields is.
      if (schema.implied) CheckFields(schema, Any::default_instance(), &path);
      return;
    }
    if (!HasType(schema.type, *value)) return Fail(path, DescribeMismatch(schema.type, *value));
    if (schema.type == VariableType::kObject)
      return CheckFields(schema, value->struct_value(), &path);
    if (!value->has_list_value() || schema.fields.empty()) return;
    for (int i = 0; i < value->list_value().values_size(); ++i) {
      const Value& item = value->list_value().values(i);
      const Path item_path{&path, {}, i};
      if (item.has_struct_value()) {
        CheckFields(schema, item.struct_value(), &item_path);
      } else {
        Fail(item_path, fmt::format("has type {}, declared as object", KindName(item)));
      }
    }
  }

  std::vector<ContextError> Take() && { return std::move(errors_); }

 private:
  void CheckFields(const Schema& schema, const Any& fields, const Path* path) {
    for (const auto& [name, field] : schema.fields) {
      Check(*field, Find(fields, name), Path{path, name});
    }
  }

  static bool HasType(VariableType type, const Value& value) {
    switch (type) {
      case VariableType::kString:
        return value.has_string_value() || value.has_number_value() || value.has_bool_value();
      case VariableType::kNumber:
      case VariableType::kPercent:
        return value.has_number_value() && std::isfinite(value.number_value());
      case VariableType::kBoolean:
        return value.has_bool_value();
      case VariableType::kMoney:
        return MoneyOf(value).has_value();
      case VariableType::kObject:
        return value.has_struct_value();
      case VariableType::kList:
        return value.has_list_value();
      case VariableType::kUrl:
      case VariableType::kDate:
      case VariableType::kTime:
      case VariableType::kDateTime:
      case VariableType::kDays:
      case VariableType::kChoice:
      case VariableType::kColor:
        return value.has_string_value() && IsTextOf(type, value.string_value());
    }
    return false;
  }

  static std::string DescribeMismatch(VariableType type, const Value& value) {
    const bool is_number = type == VariableType::kNumber || type == VariableType::kPercent;
    const std::string_view form = FormOf(type);
    if (!form.empty() && (!is_number || value.has_number_value())) {
      return fmt::format("is not {}", form);
    }
    return fmt::format("has type {}, declared as {}", KindName(value), VariableTypeName(type));
  }

  void Fail(const Path& path, std::string message) {
    if (errors_.size() < kMaxErrors) errors_.push_back({path.ToString(), std::move(message)});
  }

  std::vector<ContextError> errors_;
};

template <typename Any>
std::vector<ContextError> Check(const Schema& root, std::span<const Any* const> scopes) {
  ContextChecker<Any> checker;
  for (const auto& [name, schema] : root.fields) {
    checker.Check(*schema, Find(scopes, name), {nullptr, name});
  }
  return std::move(checker).Take();
}

}  // namespace

std::vector<ContextError> CheckContext(const Schema& root, Scopes scopes) {
  return Check<Object>(root, scopes);
}

std::vector<ContextError> CheckContext(const Schema& root, StructScopes scopes) {
  return Check<google::protobuf::Struct>(root, scopes);
}

}  // namespace lmsmail::render
