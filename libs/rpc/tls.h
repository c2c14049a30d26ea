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
  std::string certificate = {};  // own chain; a client may leave it and the key empty
  std::string key = {};
  // Authorities that the other side's certificate must come from. For a server, empty means that
  // clients need none; for a client, that the system's authorities are trusted.
  std::string authorities = {};
};

// Plain text when `files` is absent.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(
    const std::optional<TlsFiles>& files);
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(
    const std::optional<TlsFiles>& files);

}  // namespace lmsmail::rpc
