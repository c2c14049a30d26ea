#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::gateway {

// A method that the JSON API offers.
struct Method {
  std::string service;  // "lmsmail.dispatch.v1.DispatchService"
  std::string name;     // "Send"
  const google::protobuf::Descriptor* request;
  const google::protobuf::Descriptor* response;
  bool client_streaming;  // many requests, one response
};

// The methods of some services, as their descriptors in this binary tell. Immutable.
class MethodCatalog {
 public:
  // `services` are full names whose generated code is linked. NOT_FOUND for an unknown one, and
  // UNIMPLEMENTED for a method that streams responses, which the JSON API cannot offer.
  static absl::StatusOr<MethodCatalog> Create(const std::vector<std::string>& services);

  const std::vector<Method>& methods() const { return methods_; }
  // Null if there is none. Names are case-sensitive.
  const Method* Find(std::string_view service, std::string_view name) const;

 private:
  std::vector<Method> methods_;
};

}  // namespace lmsmail::gateway
