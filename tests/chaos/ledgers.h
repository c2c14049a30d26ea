#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lmsmail/dispatch/v1/dispatch_service.pb.h"
#include "tests/chaos/cluster.h"

namespace lmsmail::chaos {

// A mail that the API has accepted. The ledger of the receiving server is Sink::Ledger().
struct Accepted {
  enum class Kind { kReceipt, kNewsletter, kOptedOut };  // the last: a newsletter that is unwanted
  std::string key;                                       // request_id or dedupe_key
  Kind kind = Kind::kReceipt;
  bool address_refused = false;  // by the provider
};

// A mail in dispatch's log.
struct Logged {
  std::string name;  // "messages/..."
  std::string key;
  std::string message_id;
  dispatch::v1::State state = dispatch::v1::STATE_UNSPECIFIED;
  std::string detail;  // for the report
};

// Reads the whole log with ListMessages.
absl::StatusOr<std::vector<Logged>> ReadLog(Cluster& cluster);

}  // namespace lmsmail::chaos
