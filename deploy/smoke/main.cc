// lmsmail-smoke sends a mail end to end and reads it back: what `helm test` runs.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/time/clock.h"
#include "deploy/smoke/options.h"
#include "deploy/smoke/smoke.h"

#include "libs/rpc/channel.h"
#include "libs/status/status_macros.h"

namespace lmsmail::smoke {
namespace {

// Prints what there is to say.
absl::Status Run(int argc, const char* const* argv) {
  Options options;
  config::Schema schema("smoke", LMSMAIL_VERSION);
  options.Declare(schema);
  LMSMAIL_ASSIGN_OR_RETURN(const config::Outcome outcome, schema.Load(argc, argv, environ));
  if (!outcome.run) {
    fmt::print("{}\n", outcome.output);
    return absl::OkStatus();
  }
  LMSMAIL_ASSIGN_OR_RETURN(const auto to_templates, rpc::NewChannel(options.templates.Channel()));
  LMSMAIL_ASSIGN_OR_RETURN(const auto to_dispatch, rpc::NewChannel(options.dispatch.Channel()));
  const auto templates = templates::v1::TemplateService::NewStub(to_templates);
  const auto dispatch = dispatch::v1::DispatchService::NewStub(to_dispatch);
  Environment environment{.templates = *templates,
                          .dispatch = *dispatch,
                          .now = absl::Now,
                          .sleep = [](absl::Duration time) { absl::SleepFor(time); }};
  const std::string reference = fmt::format("SMOKE-{}", absl::ToUnixMicros(absl::Now()));
  LMSMAIL_ASSIGN_OR_RETURN(const std::string summary,
                           SendAndReadBack(options, reference, environment));
  fmt::print("{}\n", summary);
  return absl::OkStatus();
}

}  // namespace
}  // namespace lmsmail::smoke

int main(int argc, char** argv) {
  const absl::Status status = lmsmail::smoke::Run(argc, argv);
  if (status.ok()) return 0;
  fmt::print(stderr, "lmsmail-smoke: {}\n",
             status.ToString(absl::StatusToStringMode::kWithNoExtraData));
  return 1;
}
