#pragma once

#include <string_view>
#include <vector>

#include "libs/render/variable.h"
#include "services/template/template.h"

namespace lmsmail::templates {

// Between the two ways to declare variables. Ours is flat: "items" a list and "items.title" a
// string. libs/render's nests: the list `items` has the field `title`. Objects may be left
// undeclared in either.

// Puts each variable into the nearest variable that is declared as a list or an object and whose
// name, with a dot, begins its own. Keeps the order otherwise.
std::vector<render::Variable> ToRender(const std::vector<Variable>& variables);

// A list or object comes before its fields.
std::vector<Variable> FromRender(const std::vector<render::Variable>& variables);

}  // namespace lmsmail::templates
