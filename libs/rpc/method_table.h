#pragma once

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace lmsmail::rpc {

// The methods of one service as its proto declares them, and which of them have a handler.
class MethodTable {
 public:
  struct Signature {
    const google::protobuf::Descriptor* request;
    const google::protobuf::Descriptor* response;
    bool client_streaming = false;
  };

  explicit MethodTable(std::string_view service_full_name);

  // The method's position in the proto. nullopt, and an error for Check(), when the service has no
  // such method, declares it with another signature, or the method has a handler already.
  std::optional<int> Bind(std::string_view method, const Signature& signature);

  // "lmsmail.report.v1.ReportService/GetCourse"
  std::string FullName(std::string_view method) const;

  // INTERNAL, naming every method that Bind() refused or that has no handler.
  absl::Status Check() const;

 private:
  const google::protobuf::ServiceDescriptor& service_;
  std::vector<bool> bound_;  // by position
  std::vector<std::string> errors_;
};

}  // namespace lmsmail::rpc
