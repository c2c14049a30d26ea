#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "libs/config/schema.h"
#include "libs/status/error_details.h"
#include "services/dispatch/transports/routing.h"

namespace lmsmail::dispatch {

// The keys "routes.": which transports deliver which mail.
struct RoutesConfig {
  struct Keys {
    std::vector<std::string> categories;
    std::vector<std::string> recipient_domains;
    std::vector<std::string> transports;  // "sendgrid=3", "sendgrid"
  };
  std::map<std::string, Keys> routes;  // by a name that the operator chooses

  void Declare(config::Group root);
  // `transports`: the names of the configured ones.
  void Check(const std::set<std::string>& transports, Violations& violations) const;
  // Of a configuration that was loaded without a violation.
  Routing ToRouting() const;
};

}  // namespace lmsmail::dispatch
