#pragma once

#include <string>

#include "libs/config/schema.h"

namespace lmsmail::service {

// The school that the suite sends mail for: the keys "school.", the same in every service.
struct SchoolConfig {
  std::string name = "LMS";
  std::string url = "http://127.0.0.1:8080";
  std::string postal_address;
  std::string language_code = "en";  // BCP 47
  std::string time_zone = "UTC";     // IANA

  // Must outlive schema.Load().
  void Declare(config::Group keys);
  void Check(Violations& violations) const;
};

}  // namespace lmsmail::service
