#include "services/gateway/bounce_filter/invocation.h"

#include <utility>

#include "libs/config/schema.h"
#include "libs/http_client/base_url.h"
#include "libs/status/status_macros.h"

namespace lmsmail::bounce_filter {
namespace {

// Empty if it is not set.
std::string_view ValueOf(std::string_view variable, const char* const* environment) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view assignment = *environment;
    const bool found =
        assignment.starts_with(variable) && assignment.substr(variable.size()).starts_with('=');
    if (found) return assignment.substr(variable.size() + 1);
  }
  return {};
}

void Declare(config::Schema& schema, Options& options) {
  schema.String("gateway", &options.gateway,
                "URL of the gateway: https, or http on this machine. Its bounces.keys_file must be "
                "set.");
  schema.Duration("timeout", &options.timeout, "How long the gateway may take to answer.",
                  {absl::Seconds(1), absl::Minutes(10)});
  schema.String("ca_file", &options.ca_file,
                "PEM file of the authorities to trust; empty: the system's.");
}

}  // namespace

absl::StatusOr<Invocation> ReadInvocation(int argc, const char* const* argv,
                                          const char* const* environment,
                                          std::string_view version) {
  int flags = 1;
  while (flags < argc && std::string_view(argv[flags]).starts_with("--") &&
         argv[flags] != std::string_view("--")) {
    ++flags;
  }
  const bool ended = flags < argc && argv[flags] == std::string_view("--");

  Invocation invocation;
  config::Schema schema("bounce", version);
  Declare(schema, invocation.options);
  schema.Check([&](Violations& violations) {
    const auto url = http_client::ParseBaseUrl(invocation.options.gateway);
    if (!url.ok()) violations.Add("gateway", std::string(url.status().message()));
  });
  LMSMAIL_ASSIGN_OR_RETURN(const config::Outcome outcome, schema.Load(flags, argv, environment));
  if (!outcome.run) {
    invocation.output = outcome.output;
    return invocation;
  }
  invocation.recipients.assign(argv + flags + (ended ? 1 : 0), argv + argc);
  for (const std::string_view variable : {"ORIGINAL_RECIPIENT", "RECIPIENT"}) {
    const std::string_view recipient = ValueOf(variable, environment);
    if (invocation.recipients.empty() && !recipient.empty()) {
      invocation.recipients.emplace_back(recipient);
    }
  }
  if (invocation.recipients.empty()) {
    return absl::InvalidArgumentError(
        "no recipient: give the address that the message came to as an argument");
  }
  return invocation;
}

}  // namespace lmsmail::bounce_filter
