#pragma once

#include <vector>

#include "libs/render/variable.h"
#include "services/template/domain/template.h"

namespace lmsmail::templates {

// Between our declarations, which are flat, and libs/render's, which nest: see
// libs/render/declarations.h.
std::vector<render::Variable> ToRender(const std::vector<Variable>& variables);
std::vector<Variable> FromRender(const std::vector<render::Variable>& variables);

}  // namespace lmsmail::templates
