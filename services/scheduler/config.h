#pragma once

#include <cstdint>

#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/service/base_config.h"
#include "libs/service/peer_config.h"

namespace lmsmail::scheduler {

// The service's own keys; service::BaseConfig has those that every service has.
struct SchedulerConfig {
  struct Worker {
    std::int32_t threads = 4;
    absl::Duration poll_interval = absl::Seconds(1);
    absl::Duration lease = absl::Minutes(1);
  } worker;
  struct Retention {
    absl::Duration content = absl::Hours(24 * 30);
    absl::Duration outcomes = absl::Hours(24 * 400);
  } retention;
  service::PeerConfig dispatch{.target = "127.0.0.1:7103"};
  service::PeerConfig report{.target = "127.0.0.1:7105"};

  // Must outlive schema.Load(), as must `base`.
  void Declare(config::Schema& schema, const service::BaseConfig& base);
};

}  // namespace lmsmail::scheduler
