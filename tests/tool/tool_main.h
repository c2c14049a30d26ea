#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

#include "libs/config/schema.h"

namespace lmsmail {

namespace tool_internal {
int LoadAndRun(const std::string& name, config::Schema& schema, int argc, char** argv,
               absl::FunctionRef<absl::Status()> run);
}  // namespace tool_internal

// The body of main() of the tool lmsmail-<name>: reads the keys that Options::Declare declares and
// calls `run`, or prints the help if asked for it. Errors go to stderr. Returns the exit code: 0,
// or 1 after an error.
template <typename Options>
int ToolMain(const std::string& name, int argc, char** argv, absl::Status (*run)(const Options&)) {
  Options options;
  config::Schema schema(name, "1");
  options.Declare(schema);
  return tool_internal::LoadAndRun(name, schema, argc, argv, [&] { return run(options); });
}

}  // namespace lmsmail
