#pragma once

#include <vector>

#include "libs/render/variable.h"

// There are two ways to declare the fields of objects and of lists' items. Forms and protocols use
// flat declarations with full names: a list "items" and a string "items.title". The check and the
// renderer use nested ones: the list `items` has the field `title`. In both, objects need no
// declaration of their own.
namespace lmsmail::render {

// Moves each variable into the closest list or object whose name is a dotted prefix of its name.
// Keeps the order otherwise.
std::vector<Variable> NestFields(std::vector<Variable> flat);

// Lists and objects come before their fields.
std::vector<Variable> FlattenFields(const std::vector<Variable>& nested);

}  // namespace lmsmail::render
