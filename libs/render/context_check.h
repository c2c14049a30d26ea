#pragma once

#include <string>
#include <vector>

#include "libs/render/schema.h"
#include "libs/render/scopes.h"

namespace lmsmail::render {

struct ContextError {
  std::string variable;  // "report.courses[2].title"
  std::string message;   // "is missing", "has type string, declared as list"; never the value
};

// Checks a mail's context against the template's schema: required variables that are absent or null
// and values of another type are errors. Returns at most kMaxErrors.
std::vector<ContextError> CheckContext(const Schema& root, Scopes scopes);
std::vector<ContextError> CheckContext(const Schema& root, StructScopes scopes);

}  // namespace lmsmail::render
