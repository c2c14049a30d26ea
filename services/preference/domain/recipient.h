#pragma once

#include <string>

#include "absl/time/time.h"

namespace lmsmail::preference {

// A person the school may send mail to.
struct Recipient {
  std::string id;
  std::string email_address;
  std::string display_name;
  std::string given_name;
  std::string language_code;  // empty means the school's
  std::string time_zone;      // empty means the school's
  absl::Time create_time;
  absl::Time update_time;

  bool operator==(const Recipient&) const = default;
};

}  // namespace lmsmail::preference
