#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::scheduler {

// Says that the call `method` with this request id created this resource.
struct RequestRecord {
  std::string method = "";      // "CreateSchedule"
  std::string request_id = "";  // an identity::OwnedKey
  std::int64_t digest = 0;      // of the request's body
  std::string resource = "";    // its name
  absl::Time time = {};
};

// Remembers request ids. The stores of resources insert a record in the transaction that creates
// the resource. Thread-safe.
class RequestStore {
 public:
  virtual ~RequestStore() = default;

  virtual absl::StatusOr<std::optional<RequestRecord>> Find(std::string_view method,
                                                            std::string_view request_id,
                                                            absl::Time deadline) = 0;
  // Deletes the records from before `time`; returns how many.
  virtual absl::StatusOr<int> DeleteBefore(absl::Time time, absl::Time deadline) = 0;
};

}  // namespace lmsmail::scheduler
