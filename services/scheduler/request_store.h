#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::scheduler {

// That the call `method` with this request id made this resource.
struct RequestRecord {
  std::string method = "";  // "CreateSchedule"
  std::string request_id = "";
  std::int64_t digest = 0;    // of the request's body
  std::string resource = "";  // its name
  absl::Time time = {};
};

// Remembers request ids. What adds a record does so together with what the request makes, in the
// stores of those things. Thread-safe.
class RequestStore {
 public:
  virtual ~RequestStore() = default;

  virtual absl::StatusOr<std::optional<RequestRecord>> Find(std::string_view method,
                                                            std::string_view request_id,
                                                            absl::Time deadline) = 0;
  // Forgets records older than `before`; returns how many.
  virtual absl::StatusOr<int> Forget(absl::Time before, absl::Time deadline) = 0;
};

// The name of what an earlier call with the same request id made; empty when there was none.
// ALREADY_EXISTS when that call had another body.
absl::StatusOr<std::string> MadeBefore(RequestStore& requests, const RequestRecord& request,
                                       absl::Time deadline);

}  // namespace lmsmail::scheduler
