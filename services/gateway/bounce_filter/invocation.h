#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::bounce_filter {

struct Options {
  std::string gateway = "http://127.0.0.1:8080";
  absl::Duration timeout = absl::Seconds(60);
  std::string ca_file = {};
};

// What a mail server called the filter with.
struct Invocation {
  Options options;
  std::vector<std::string> recipients;  // envelope recipients of the message
  std::string output;                   // of --help and --version: print it and do nothing else
};

// Reads "--key=value" flags, which "--" or the first recipient ends, then recipients. Without
// recipients they are those of the environment: ORIGINAL_RECIPIENT (Postfix's local) or RECIPIENT
// (also Exim). Errors name the flag and the remedy.
absl::StatusOr<Invocation> ReadInvocation(int argc, const char* const* argv,
                                          const char* const* environment, std::string_view version);

}  // namespace lmsmail::bounce_filter
