#include "services/dispatch/transports/rate_config.h"

#include <fmt/format.h>

namespace lmsmail::dispatch {

void DeclareRate(config::Group keys, std::string_view what, RateRule& rule) {
  keys.Double("rate_per_second", &rule.per_second,
              fmt::format("Mails a second to {}, from all replicas together; 0: no limit.", what),
              {0, 1'000'000});
  keys.Double(
      "burst", &rule.burst,
      fmt::format("Mails at once to {} after an idle time; at least those of a quarter of a "
                  "second.",
                  what),
      {0, 1'000'000});
}

}  // namespace lmsmail::dispatch
