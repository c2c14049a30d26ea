#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>
#include <vector>

#include "libs/rpc/client_call.h"

namespace lmsmail::rpc {

struct RawResult {
  grpc::Status status;
  std::string response;  // serialized; empty unless `status` is OK
};

// Calls "/package.Service/Method" with messages that are sent as they are, which no stub would: to
// test how a service answers bytes that are not its messages.
RawResult CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::vector<std::string>& messages, const CallOptions& options);

// Bytes from which no request can be parsed, each with a name. `string_field` is the number of a
// string field or a message field, `recursive_field` that of a field with the type of its own
// message, or 0.
struct UndecodableBytes {
  std::string name;
  std::string bytes;
};
std::vector<UndecodableBytes> AllUndecodableBytes(int string_field, int recursive_field);

}  // namespace lmsmail::rpc
