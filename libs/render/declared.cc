#include "libs/render/declared.h"

#include <fmt/format.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

#include "libs/render/limits.h"
#include "libs/render/tokenizer.h"
#include "libs/strings/view.h"

namespace lmsmail::render {
namespace {

std::string PathOf(const Declared& parent, std::string_view name) {
  return parent.path.empty() ? std::string(name) : fmt::format("{}.{}", parent.path, name);
}

class Builder {
 public:
  explicit Builder(FaultList& faults) : faults_(faults) {}

  void Add(const Variable& variable, Declared& parent, int depth) {
    const std::string path = PathOf(parent, variable.name);
    if (!IsVariableName(variable.name)) {
      return Fail(
          fmt::format("{} is not a variable's name: it takes letters, digits, '_' and '-', and '.' "
                      "before a field",
                      Quote(path)));
    }
    Declared* owner = &parent;
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
      return Fail(fmt::format("{} would be a field of what is declared to have none", Quote(path)));
    }
    auto& declared = owner->fields[std::string(name)];
    if (declared && !(declared->implied && variable.type == VariableType::kObject)) {
      return Fail(fmt::format("{} is declared twice", Quote(path)));
    }
    if (!declared) declared = std::make_unique<Declared>();
    declared->path = path;
    declared->type = variable.type;
    declared->required = variable.required;
    declared->implied = false;
    declared->sample = variable.sample;
    CheckSample(variable, path);
    if (!variable.fields.empty() && variable.type != VariableType::kObject &&
        variable.type != VariableType::kList) {
      return Fail(fmt::format("{} is a {}, which has no fields", Quote(path),
                              VariableTypeName(variable.type)));
    }
    for (const Variable& field : variable.fields) Add(field, *declared, depth + 1);
  }

 private:
  // Null when `name` is declared to be something that a dotted name cannot go through.
  Declared* ImpliedObject(Declared& parent, std::string_view name) {
    auto& declared = parent.fields[std::string(name)];
    if (!declared) {
      declared = std::make_unique<Declared>();
      declared->path = PathOf(parent, name);
      declared->implied = true;
    }
    return declared->type == VariableType::kObject ? declared.get() : nullptr;
  }

  void CheckSample(const Variable& variable, std::string_view path) {
    if (variable.sample.empty()) return;
    double number;
    const bool fits = [&] {
      switch (variable.type) {
        case VariableType::kNumber:
          return absl::SimpleAtod(variable.sample, &number);
        case VariableType::kBoolean:
          return variable.sample == "true" || variable.sample == "false";
        case VariableType::kUrl:
          return IsMailUrl(variable.sample);
        case VariableType::kString:
          return true;
        case VariableType::kObject:
        case VariableType::kList:
          return false;
      }
      return false;
    }();
    if (!fits) {
      Fail(fmt::format("the sample of {} is not a {}", Quote(path),
                       VariableTypeName(variable.type)));
    }
  }

  void Fail(std::string message) { faults_.Add({Part::kVariables, "", {}, std::move(message)}); }

  FaultList& faults_;
};

}  // namespace

Declared BuildDeclared(const std::vector<Variable>& variables, FaultList& faults) {
  Declared root;
  Builder builder(faults);
  for (const Variable& variable : variables) builder.Add(variable, root, 1);
  return root;
}

bool IsMailUrl(std::string_view text) {
  return absl::StartsWithIgnoreCase(ToAbsl(text), "https://") ||
         absl::StartsWithIgnoreCase(ToAbsl(text), "http://") ||
         absl::StartsWithIgnoreCase(ToAbsl(text), "mailto:");
}

}  // namespace lmsmail::render
