#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/rpc/authenticator.h"

namespace lmsmail::rpc {

// Paths of PEM files. They are read again when they change, for connections that are made later.
// Replace all of them in one step, as Kubernetes does: a key that does not fit its certificate is
// not taken over.
struct TlsFiles {
  std::string certificate = {};  // own chain; a client's may be empty, with the key
  std::string key = {};
  // Authorities that must have issued the peer's certificate. Empty means for a server that clients
  // have no certificate, and for a client that the system's authorities are trusted. Clients of a
  // server that authenticates its callers may have a token instead of a certificate.
  std::string authorities = {};
  absl::Duration refresh_interval = absl::Seconds(10);  // whole seconds
};

// Plain text when `files` is absent; then a server that requires authentication serves connections
// of its own machine only. The directory of `authenticator` must outlive the server.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(
    const std::optional<TlsFiles>& files, const Authenticator& authenticator);
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(
    const std::optional<TlsFiles>& files);

}  // namespace lmsmail::rpc
