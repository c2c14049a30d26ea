#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace lmsmail::rpc {

// Paths of PEM files.
struct TlsFiles {
  std::string certificate = {};  // own chain; a client's may be empty, with the key
  std::string key = {};
  // Authorities that must have issued the peer's certificate. Empty means for a server that clients
  // need no certificate, and for a client that the system's authorities are trusted.
  std::string authorities = {};
};

// Plain text when `files` is absent.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(
    const std::optional<TlsFiles>& files);
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(
    const std::optional<TlsFiles>& files);

}  // namespace lmsmail::rpc
