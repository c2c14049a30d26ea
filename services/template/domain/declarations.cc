#include "services/template/domain/declarations.h"

#include <utility>

#include "libs/render/declarations.h"

namespace lmsmail::templates {

std::vector<render::Variable> ToRender(const std::vector<Variable>& variables) {
  std::vector<render::Variable> flat;
  flat.reserve(variables.size());
  for (const Variable& variable : variables) {
    flat.push_back({.name = variable.name,
                    .type = variable.type,
                    .required = variable.required,
                    .description = variable.description,
                    .sample = variable.sample});
  }
  return render::NestFields(std::move(flat));
}

std::vector<Variable> FromRender(const std::vector<render::Variable>& variables) {
  std::vector<Variable> out;
  for (const render::Variable& variable : render::FlattenFields(variables)) {
    out.push_back(
        {variable.name, variable.type, variable.required, variable.description, variable.sample});
  }
  return out;
}

std::optional<render::VariableType> ParseVariableType(std::string_view name) {
  for (const auto& [type, type_name] : render::kVariableTypes) {
    if (type_name == name) return type;
  }
  return std::nullopt;
}

}  // namespace lmsmail::templates
