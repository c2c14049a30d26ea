#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::dispatch {

// Who may have how many of the connections that all replicas together may have. Thread-safe. Every
// function is one transaction.
class ConnectionShares {
 public:
  virtual ~ConnectionShares() = default;

  struct Request {
    std::string key;     // what is connected to
    std::string holder;  // this replica
    int total = 0;       // connections of all replicas together
    absl::Duration lease;
  };
  // How many of the `total` connections are `holder`'s until its lease ends; it asks again in time.
  // All holders have as many, give or take one. A new one has none until each other has asked once
  // more, and so learnt that there are fewer for it.
  virtual absl::StatusOr<int> Share(const Request& request) = 0;
  // `holder` has closed its connections.
  virtual absl::Status Leave(std::string_view holder) = 0;
};

}  // namespace lmsmail::dispatch
