#pragma once

#include <map>
#include <string>
#include <vector>

#include "libs/config/schema.h"
#include "libs/status/error_details.h"
#include "services/dispatch/limits/rate_limits.h"

namespace lmsmail::dispatch {

// The keys "limits.": rate limits of recipient domains and batches, for all replicas together.
// Transports have their own keys below "transports.<name>.".
struct LimitsConfig {
  struct Domains {
    std::vector<std::string> match;  // domains that share the limit
    RateRule rule;
  };
  std::map<std::string, Domains> domains;  // by a name that the operator chooses
  RateRule other_domain;
  RateRule batch;

  void Declare(config::Group keys);
  void Check(Violations& violations) const;
  // Without the rules of transports. Of a configuration that was loaded without a violation.
  LimitRules ToRules() const;
};

}  // namespace lmsmail::dispatch
