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
  std::string logo_url;              // empty: the name is shown instead
  std::string color = "#0b6b61";     // of links and buttons in mail
  std::string reply_to;              // empty: From, or the transport's
  std::string support_address;       // an email address that students may write to
  std::string language_code = "en";  // BCP 47
  std::string time_zone = "UTC";     // IANA

  // Must outlive schema.Load().
  void Declare(config::Group keys);
  void Check(Violations& violations) const;

  // Whether the links in mail work on this machine only.
  bool HasLocalLinks() const;
};

}  // namespace lmsmail::service
