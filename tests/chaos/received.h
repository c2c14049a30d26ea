#pragma once

#include <string>

#include "absl/time/time.h"

namespace lmsmail::chaos {

// A mail that the receiving server or the provider accepted.
struct Received {
  absl::Time time;
  bool answered = true;  // false if a fault rule withheld the reply
  std::string message_id;
  std::string recipient;
};

}  // namespace lmsmail::chaos
