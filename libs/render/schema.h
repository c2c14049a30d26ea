#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/render/diagnostic.h"
#include "libs/render/variable.h"

namespace lmsmail::render {

// The declared variables as a tree: "user.first_name" is the field first_name of the object user.
struct Schema {
  std::string path;  // "user.first_name"; for a field of a list's items "report.courses.title"
  VariableType type = VariableType::kObject;
  bool required = false;
  bool implied = false;  // an object that is declared by dotted names only
  std::string sample;
  std::map<std::string, std::unique_ptr<Schema>, std::less<>> fields;

  const Schema* Field(std::string_view name) const {
    const auto it = fields.find(name);
    return it == fields.end() ? nullptr : it->second.get();
  }
};

// Returns the root, whose fields are the top-level variables. Errors: invalid or repeated names,
// fields of a variable that is neither object nor list, samples of another type.
Schema BuildSchema(const std::vector<Variable>& variables, DiagnosticList& errors);

}  // namespace lmsmail::render
