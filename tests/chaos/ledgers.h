#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "lmsmail/dispatch/v1/dispatch_service.pb.h"
#include "tests/chaos/stage.h"

namespace lmsmail::chaos {

// A mail that the API said it had accepted. The receiving server's ledger is Sink's.
struct Accepted {
  enum class Kind { kReceipt, kNewsletter, kUnwanted };  // unwanted: to one who has opted out
  std::string key;                                       // request_id or dedupe_key
  Kind kind = Kind::kReceipt;
};

// A mail in dispatch's own log.
struct Logged {
  std::string name;  // "messages/..."
  std::string key;
  std::string message_id;
  dispatch::v1::State state = dispatch::v1::STATE_UNSPECIFIED;
  std::string detail;  // for people
};

// The whole log, by ListMessages.
absl::StatusOr<std::vector<Logged>> ReadLog(Stage& stage);

// Waits until nothing waits and nobody holds anything, as GetQueueStats tells.
absl::Status WaitForOutcomes(Stage& stage, absl::Duration timeout);

}  // namespace lmsmail::chaos
