#pragma once

#include <string>

#include "libs/config/schema.h"

namespace lmsmail::service {

// The school that the suite sends mail for: the keys "school.", the same in every service.
struct SchoolConfig {
  std::string name = "LMS";
  std::string url = "http://127.0.0.1:8080";
  // Of the gateway, without a trailing slash. https unless it is on loopback.
  std::string public_url = "http://127.0.0.1:8080";
  std::string postal_address;
  std::string language_code = "en";  // BCP 47
  std::string time_zone = "UTC";     // IANA

  // Must outlive schema.Load().
  void Declare(config::Group keys);
  void Check(Violations& violations) const;

  // Whether the links in mail work on this machine only.
  bool HasLocalLinks() const;
};

}  // namespace lmsmail::service
