#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/service/peer_config.h"

namespace lmsmail::smoke {

// The configuration keys of lmsmail-smoke.
struct Options {
  std::string recipient;
  absl::Duration timeout = absl::Minutes(2);
  bool install_templates = false;
  bool insecure = false;
  service::PeerConfig templates{.target = "127.0.0.1:7101", .timeout = absl::Seconds(20)};
  service::PeerConfig dispatch{.target = "127.0.0.1:7103", .timeout = absl::Seconds(20)};

  // Must outlive schema.Load().
  void Declare(config::Schema& schema);
};

}  // namespace lmsmail::smoke
