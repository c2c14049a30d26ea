#pragma once

#include <string>

#include "libs/config/schema.h"

namespace lmsmail::report {

// The keys beside those that every service has.
struct ReportConfig {
  // gRPC name syntax: "127.0.0.1:7103", "dns:///dispatch:7103".
  std::string dispatch_target = "127.0.0.1:7103";
  std::string template_target = "127.0.0.1:7101";
  // Decides where one week ends and the next begins.
  std::string time_zone = "UTC";

  // Must outlive schema.Load().
  void Declare(config::Schema& schema);

 private:
  void Check(Violations& violations) const;
};

}  // namespace lmsmail::report
