#include "libs/render/schema.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"

#include "libs/render/limits.h"
#include "libs/render/tokenizer.h"
#include "libs/render/typed_value.h"

namespace lmsmail::render {
namespace {

std::string PathOf(const Schema& parent, std::string_view name) {
  return parent.path.empty() ? std::string(name) : fmt::format("{}.{}", parent.path, name);
}

bool IsSample(VariableType type, const std::string& text) {
  double number = 0;
  switch (type) {
    case VariableType::kNumber:
    case VariableType::kPercent:
      return absl::SimpleAtod(text, &number) && std::isfinite(number);
    case VariableType::kBoolean:
      return text == "true" || text == "false";
    case VariableType::kMoney:
      return ParseMoney(text).has_value();
    case VariableType::kString:
      return true;
    case VariableType::kObject:
    case VariableType::kList:
      return false;
    default:
      return IsTextOf(type, text);
  }
}

std::string SampleForm(VariableType type) {
  const std::string_view form = FormOf(type);
  return form.empty() ? fmt::format("a {}", VariableTypeName(type)) : std::string(form);
}

class Builder {
 public:
  explicit Builder(DiagnosticList& errors) : errors_(errors) {}

  void Add(const Variable& variable, Schema& parent, int depth) {
    const std::string path = PathOf(parent, variable.name);
    if (!IsVariableName(variable.name)) {
      return Fail(fmt::format(
          "{} is not a variable's name: use letters, digits, '_' and '-', and '.' before "
          "a field",
          Quote(path)));
    }
    Schema* owner = &parent;
    std::string_view name = variable.name;
    for (std::size_t dot; (dot = name.find('.')) != std::string_view::npos;) {
      owner = ImpliedObject(*owner, name.substr(0, dot));
      name.remove_prefix(dot + 1);
      if (++depth > kMaxFieldDepth || owner == nullptr) break;
    }
    if (depth > kMaxFieldDepth) {
      return Fail(fmt::format("{} is nested more than {} deep", Quote(path), kMaxFieldDepth));
    }
    if (owner == nullptr) {
      return Fail(fmt::format("{} would be a field of a variable that has no fields", Quote(path)));
    }
    auto& schema = owner->fields[std::string(name)];
    if (schema && !(schema->implied && variable.type == VariableType::kObject)) {
      return Fail(fmt::format("{} is declared twice", Quote(path)));
    }
    if (!schema) schema = std::make_unique<Schema>();
    schema->path = path;
    schema->type = variable.type;
    schema->required = variable.required;
    schema->implied = false;
    schema->sample = variable.sample;
    CheckSample(variable, path);
    if (!variable.fields.empty() && variable.type != VariableType::kObject &&
        variable.type != VariableType::kList) {
      return Fail(fmt::format("{} is a {}, which has no fields", Quote(path),
                              VariableTypeName(variable.type)));
    }
    for (const Variable& field : variable.fields) Add(field, *schema, depth + 1);
  }

 private:
  // Null when `name` is declared as something other than an object.
  Schema* ImpliedObject(Schema& parent, std::string_view name) {
    auto& schema = parent.fields[std::string(name)];
    if (!schema) {
      schema = std::make_unique<Schema>();
      schema->path = PathOf(parent, name);
      schema->implied = true;
    }
    return schema->type == VariableType::kObject ? schema.get() : nullptr;
  }

  void CheckSample(const Variable& variable, std::string_view path) {
    if (variable.sample.empty()) return;
    if (!IsSample(variable.type, variable.sample)) {
      Fail(fmt::format("the sample of {} is not {}", Quote(path), SampleForm(variable.type)));
    }
  }

  void Fail(std::string message) { errors_.Add({Part::kVariables, {}, std::move(message)}); }

  DiagnosticList& errors_;
};

}  // namespace

Schema BuildSchema(const std::vector<Variable>& variables, DiagnosticList& errors) {
  Schema root;
  Builder builder(errors);
  for (const Variable& variable : variables) builder.Add(variable, root, 1);
  return root;
}

}  // namespace lmsmail::render
