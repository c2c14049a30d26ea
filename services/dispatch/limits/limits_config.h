#pragma once

#include <map>
#include <string>
#include <vector>

#include "libs/config/schema.h"
#include "libs/status/error_details.h"
#include "services/dispatch/limits/rate_limits.h"

namespace lmsmail::dispatch {

// The keys "limits.": how much mail recipient domains and batches take, from all replicas together.
// Transports have theirs below "transports.<name>.".
struct LimitsConfig {
  struct Domains {
    std::vector<std::string> match;  // domains that share the limit
    RateRule rule;
  };
  std::map<std::string, Domains> domains;  // by a name of the operator's
  RateRule other_domain;
  RateRule batch;

  void Declare(config::Group keys);
  void Check(Violations& violations) const;
  // Without the transports'. Of a configuration that was loaded without a fault.
  LimitRules ToRules() const;
};

// The keys "rate_per_second" and "burst" of what `whose` describes: "the transport".
void DeclareRate(config::Group keys, std::string_view whose, RateRule& rule);

}  // namespace lmsmail::dispatch
