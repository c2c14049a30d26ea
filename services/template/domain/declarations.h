#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "libs/render/variable.h"
#include "services/template/domain/template.h"

namespace lmsmail::templates {

// Converts between the flat declarations of this service and the nested ones of libs/render; see
// libs/render/declarations.h.
std::vector<render::Variable> ToRender(const std::vector<Variable>& variables);
std::vector<Variable> FromRender(const std::vector<render::Variable>& variables);

// The type with this VariableTypeName(); nullopt when there is none.
std::optional<render::VariableType> ParseVariableType(std::string_view name);

}  // namespace lmsmail::templates
