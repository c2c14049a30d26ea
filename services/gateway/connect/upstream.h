#pragma once

#include <google/rpc/status.pb.h>

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

#include "services/gateway/connect/method.h"

namespace lmsmail::gateway {

// One call of a method, with the messages in Protobuf's binary encoding.
struct OutgoingCall {
  std::vector<std::string> requests = {};  // one unless the method streams them
  absl::Time deadline;
  std::string request_id;
  std::string traceparent;
  std::string authorization = {};  // "Bearer TOKEN"; empty: none
};

struct CallResult {
  google::rpc::Status status = {};
  std::string response = {};  // if the status is OK
};

// The services behind the gateway.
class Upstream {
 public:
  virtual ~Upstream() = default;

  // Does not block. `done` runs once, on a thread that it must not block, also before this returns.
  using Done = absl::AnyInvocable<void(CallResult)>;
  virtual void Call(const Method& method, OutgoingCall call, Done done) = 0;
};

}  // namespace lmsmail::gateway
