#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/render/diagnostic.h"
#include "libs/render/variable.h"

namespace lmsmail::render {

// The declared variables as a tree: {"user.first_name"} is the field first_name of an object user.
struct Schema {
  std::string
      path;  // "user.first_name"; an item's fields follow their list: "report.courses.title"
  VariableType type = VariableType::kObject;
  bool required = false;
  bool implied = false;  // an object known only by its dotted fields
  std::string sample;
  std::map<std::string, std::unique_ptr<Schema>, std::less<>> fields;

  const Schema* Field(std::string_view name) const {
    const auto it = fields.find(name);
    return it == fields.end() ? nullptr : it->second.get();
  }
};

// The root's fields are the top-level variables. Errors: names that are not names or are declared
// twice, fields of what has none, samples that are not of their type.
Schema BuildSchema(const std::vector<Variable>& variables, DiagnosticList& errors);

bool IsMailUrl(std::string_view text);

}  // namespace lmsmail::render
