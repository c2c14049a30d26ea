#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::chaos {

// A fault of a network link. It applies to all existing and future connections.
struct LinkFault {
  bool cut = false;           // connections are reset, including new ones
  bool stalled = false;       // no data passes and none is lost, as in a short network partition
  absl::Duration delay = {};  // in each direction, for every read
  std::int64_t bytes_per_second = 0;  // of each connection and direction; 0 for no limit
  // Of every `lose_commit_every` COMMITs to PostgreSQL, the response to one is lost: the connection
  // is reset after the server has sent it. 0 for none.
  int lose_commit_every = 0;
};

// A TCP proxy on 127.0.0.1 that injects faults. Thread-safe. Owns one thread.
class Proxy {
 public:
  // Forwards to a TCP port of 127.0.0.1 or to a Unix socket.
  static absl::StatusOr<std::unique_ptr<Proxy>> ToPort(std::uint16_t port);
  static absl::StatusOr<std::unique_ptr<Proxy>> ToSocket(const std::string& path);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  std::uint16_t port() const;

  // Replaces the fault; {} removes it. It applies to all data that arrives after Set() returns.
  void Set(const LinkFault& fault);
  // Resets all current connections once.
  void ResetConnections();

  int open_connections() const;
  int max_open_connections() const;   // the maximum so far
  std::int64_t lost_commits() const;  // the number of responses withheld so far

 private:
  class Impl;
  explicit Proxy(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace lmsmail::chaos
