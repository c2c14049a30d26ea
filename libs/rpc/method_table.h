#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "libs/identity/method_access.h"

namespace lmsmail::rpc {

// The methods of one service as its proto declares them, and which of them have a handler.
class MethodTable {
 public:
  struct Signature {
    const google::protobuf::Descriptor* request;
    const google::protobuf::Descriptor* response;
    bool client_streaming = false;
  };

  struct Method {
    int index;  // its position in the proto
    identity::MethodAccess access;
  };

  explicit MethodTable(std::string_view service_full_name);

  // Valid as long as this. Null, and an error for Check(), when the service has no such method,
  // declares it with another signature, or the method has a handler already.
  const Method* Bind(std::string_view method, const Signature& signature);
  // The same for a handler whose calls cannot be audited.
  const Method* BindUnaudited(std::string_view method, const Signature& signature);

  // INTERNAL, naming every method that Bind() refused, that has no handler, or that nobody may call
  // because the proto does not say who may.
  absl::Status Check() const;

 private:
  const google::protobuf::ServiceDescriptor& service_;
  std::vector<Method> methods_;  // by position
  std::vector<bool> bound_;      // by position
  std::vector<std::string> errors_;
};

}  // namespace lmsmail::rpc
