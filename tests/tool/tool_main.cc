#include "tests/tool/tool_main.h"

#include <unistd.h>

#include <cstdio>

#include "libs/status/status_macros.h"

namespace lmsmail::tool_internal {

int LoadAndRun(const std::string& name, config::Schema& schema, int argc, char** argv,
               absl::FunctionRef<absl::Status()> run) {
  const auto load_and_run = [&]() -> absl::Status {
    LMSMAIL_ASSIGN_OR_RETURN(const config::Outcome outcome, schema.Load(argc, argv, environ));
    if (outcome.run) return run();
    std::fputs(outcome.output.c_str(), stdout);
    return absl::OkStatus();
  };
  const absl::Status status = load_and_run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "lmsmail-%s: %s\n", name.c_str(), status.ToString().c_str());
  return 1;
}

}  // namespace lmsmail::tool_internal
