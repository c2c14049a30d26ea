#pragma once

#include <string>
#include <vector>

#include "libs/render/declared.h"
#include "libs/render/scopes.h"

namespace lmsmail::render {

struct ContextFault {
  std::string variable;  // "report.courses[2].title"
  std::string message;   // "is missing", "has type string, declared as list"; never holds the value
};

// Where a mail's context breaks what its template declares: required variables absent or null,
// values of another type. At most kMaxFaults.
std::vector<ContextFault> CheckContext(const Declared& root, Scopes scopes);
std::vector<ContextFault> CheckContext(const Declared& root, StructScopes scopes);

}  // namespace lmsmail::render
