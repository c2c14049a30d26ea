#include "libs/service/auth_config.h"

#include <cstddef>

#include "libs/identity/callers.h"

namespace lmsmail::service {

void AuthConfig::Declare(config::Group keys) {
  keys.String("callers_file", &callers_file,
              "YAML file of the callers with their roles and credentials, read again when it "
              "changes; empty: everybody may do everything.");
  config::Group limit_keys = keys.Sub("limits");
  limit_keys.Double("calls_per_second", &limits.calls_per_second,
                    "Calls a second of each caller without a limit of its own; 0: no limit.",
                    {0, 1e6});
  limit_keys.Int32("streams", &limits.streams,
                   "Client streams that each such caller may have open; 0: no limit.",
                   {0, 100'000});
  limit_keys.Bytes("request_size", &limits.request_size,
                   "Memory of the requests of each such caller that are handled at a time; 0: no "
                   "limit.");
}

void AuthConfig::Check(Violations& violations) const {
  if (!required()) return;
  const absl::Status callers = identity::Callers::Read(callers_file).status();
  if (!callers.ok()) violations.Add("auth.callers_file", std::string(callers.message()));
}

absl::StatusOr<std::unique_ptr<identity::CallerDirectory>> AuthConfig::ToDirectory(
    const Clock& clock) const {
  if (!required()) return nullptr;
  return identity::CallerDirectory::Open(callers_file, clock);
}

identity::CallerLimits AuthConfig::ToLimits() const {
  return {.calls_per_second = limits.calls_per_second,
          .streams = limits.streams,
          .request_bytes = static_cast<std::size_t>(limits.request_size)};
}

}  // namespace lmsmail::service
