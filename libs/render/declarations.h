#pragma once

#include <vector>

#include "libs/render/variable.h"

// Two ways to declare the fields of objects and of lists' items. Forms and protocols want it flat,
// each by its whole name: a list "items", a string "items.title". The check and the renderer want
// it nested: the list `items` has the field `title`. Objects may be left undeclared in either.
namespace lmsmail::render {

// Puts each variable into the nearest one that is declared as a list or an object and whose name,
// with a dot, begins its own. Keeps the order otherwise.
std::vector<Variable> NestFields(std::vector<Variable> flat);

// A list or an object comes before its fields.
std::vector<Variable> FlattenFields(const std::vector<Variable>& nested);

}  // namespace lmsmail::render
