#pragma once

#include <string>
#include <vector>

#include "libs/render/schema.h"
#include "libs/render/scopes.h"

namespace lmsmail::render {

struct ContextError {
  std::string variable;  // "report.courses[2].title"
  std::string message;   // "is missing", "has type string, declared as list"; never holds the value
};

// Where a mail's context breaks what its template declares: required variables absent or null,
// values of another type. At most kMaxErrors.
std::vector<ContextError> CheckContext(const Schema& root, Scopes scopes);
std::vector<ContextError> CheckContext(const Schema& root, StructScopes scopes);

}  // namespace lmsmail::render
