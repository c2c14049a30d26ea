#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "tests/bench/load/report.h"

namespace lmsmail::bench {

struct HttpLoad {
  std::uint16_t port = 0;  // on 127.0.0.1
  int connections = 64;    // each waits for the answer before its next request
  std::int64_t count = 0;
  int status = 200;  // any other one is an error
  // The octets of a request. Called in order.
  std::function<std::string(std::int64_t number)> request;
};

// Sends the requests with one thread, at a few microseconds each, so that the server gets the rest
// of the machine.
absl::StatusOr<Report> SendRequests(const HttpLoad& load);

}  // namespace lmsmail::bench
