#include "services/template/declarations.h"

#include <cstddef>
#include <map>
#include <string>

namespace lmsmail::templates {
namespace {

bool HasFields(render::VariableType type) {
  return type == render::VariableType::kList || type == render::VariableType::kObject;
}

// Variables by the one they are fields of; npos for the top level.
class Nesting {
 public:
  explicit Nesting(const std::vector<Variable>& variables) : variables_(variables) {
    std::map<std::string_view, std::size_t> parents;
    for (std::size_t i = 0; i < variables.size(); ++i) {
      if (HasFields(variables[i].type)) parents.emplace(variables[i].name, i);
    }
    for (std::size_t i = 0; i < variables.size(); ++i) {
      children_[ParentOf(variables[i].name, parents)].push_back(i);
    }
  }

  std::vector<render::Variable> Below(std::size_t parent) const {
    std::vector<render::Variable> out;
    const auto found = children_.find(parent);
    if (found == children_.end()) return out;
    const std::size_t prefix = parent == kTop ? 0 : variables_[parent].name.size() + 1;
    for (const std::size_t i : found->second) {
      const Variable& variable = variables_[i];
      out.push_back({.name = variable.name.substr(prefix),
                     .type = variable.type,
                     .required = variable.required,
                     .description = variable.description,
                     .sample = variable.sample,
                     .fields = Below(i)});
    }
    return out;
  }

  static constexpr std::size_t kTop = std::string::npos;

 private:
  static std::size_t ParentOf(std::string_view name,
                              const std::map<std::string_view, std::size_t>& parents) {
    while (true) {
      const std::size_t dot = name.rfind('.');
      if (dot == std::string_view::npos) return kTop;
      name = name.substr(0, dot);
      if (const auto parent = parents.find(name); parent != parents.end()) return parent->second;
    }
  }

  const std::vector<Variable>& variables_;
  std::map<std::size_t, std::vector<std::size_t>> children_;
};

void Flatten(const std::vector<render::Variable>& variables, const std::string& prefix,
             std::vector<Variable>& out) {
  for (const render::Variable& variable : variables) {
    const std::string name = prefix + variable.name;
    out.push_back({name, variable.type, variable.required, variable.description, variable.sample});
    Flatten(variable.fields, name + ".", out);
  }
}

}  // namespace

std::vector<render::Variable> ToRender(const std::vector<Variable>& variables) {
  return Nesting(variables).Below(Nesting::kTop);
}

std::vector<Variable> FromRender(const std::vector<render::Variable>& variables) {
  std::vector<Variable> out;
  Flatten(variables, "", out);
  return out;
}

}  // namespace lmsmail::templates
