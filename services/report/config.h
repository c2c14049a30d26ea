#pragma once

#include "libs/config/schema.h"
#include "libs/service/base_config.h"
#include "libs/service/peer_config.h"

namespace lmsmail::report {

// The keys of this service, besides those of service::BaseConfig.
struct ReportConfig {
  service::PeerConfig dispatch{.target = "127.0.0.1:7103", .timeout = absl::Seconds(10)};
  service::PeerConfig preference{.target = "127.0.0.1:7102"};

  struct Erasure {
    bool keep_facts = false;
  } erasure;

  // Must outlive schema.Load(), as must `base`.
  void Declare(config::Schema& schema, const service::BaseConfig& base);

 private:
  void Check(bool insecure, Violations& violations) const;
};

}  // namespace lmsmail::report
