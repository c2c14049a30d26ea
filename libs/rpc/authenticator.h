#pragma once

#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/server_context.h>

#include <map>
#include <memory>

#include "absl/status/statusor.h"

#include "libs/identity/caller.h"
#include "libs/identity/caller_directory.h"

namespace lmsmail::rpc {

// Finds out who makes a call. Thread-safe.
class Authenticator {
 public:
  // Nobody has to prove who they are, and everybody has all roles. The services of this suite are
  // still told apart, by their user agents, so that their keys do not collide.
  Authenticator() = default;
  // Callers prove that they are in the directory, which must outlive this: by a bearer token in the
  // metadata "authorization", or by a certificate.
  explicit Authenticator(identity::CallerDirectory& directory) : directory_(&directory) {}

  bool required() const { return directory_ != nullptr; }

  // UNAUTHENTICATED, see identity::Callers::Find().
  absl::StatusOr<identity::Caller> Identify(const grpc::ServerContextBase& context) const;

  // Refuses calls before their requests are read and parsed, unless they are health checks. Null
  // where nobody has to prove anything.
  std::shared_ptr<grpc::AuthMetadataProcessor> NewProcessor() const;

 private:
  identity::CallerDirectory* directory_ = nullptr;
};

}  // namespace lmsmail::rpc
