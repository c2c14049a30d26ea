#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::dispatch {

// Divides a number of connections among all replicas. Thread-safe. Every function is one
// transaction.
class ConnectionShares {
 public:
  virtual ~ConnectionShares() = default;

  struct Request {
    std::string key;     // what the connections lead to
    std::string holder;  // this replica
    int total = 0;       // connections of all replicas together
    absl::Duration lease;
  };
  // Returns how many of the `total` connections belong to `holder` until its lease ends, and renews
  // the lease. Shares differ by one at most. A new holder gets none until every other holder has
  // asked again and so learnt its smaller share.
  virtual absl::StatusOr<int> Share(const Request& request) = 0;
  // Gives up all shares of `holder`, which has closed its connections.
  virtual absl::Status Leave(std::string_view holder) = 0;
};

}  // namespace lmsmail::dispatch
