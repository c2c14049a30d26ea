#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::chaos {

// How a link behaves: all its connections, those that exist and those to come.
struct Link {
  bool cut = false;  // connections are reset, new ones too
  bool stalled =
      false;  // nothing passes and nothing is lost: a partition shorter than TCP's patience
  absl::Duration delay = {};          // before whatever was read is passed on, each way
  std::int64_t bytes_per_second = 0;  // of each connection, each way; 0: no limit
  // Of that many COMMITs to PostgreSQL the answer to one never arrives: the connection is reset
  // once the server has given it. 0: none.
  int lose_commit_every = 0;
};

// A TCP proxy on 127.0.0.1 that misbehaves on demand. Thread-safe; its work is done by a thread of
// its own.
class Proxy {
 public:
  // To a TCP port of 127.0.0.1, and to a Unix socket.
  static absl::StatusOr<std::unique_ptr<Proxy>> ToPort(std::uint16_t port);
  static absl::StatusOr<std::unique_ptr<Proxy>> ToSocket(const std::string& path);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  std::uint16_t port() const;

  // From when it returns on, whatever arrives meets the new behaviour; connections of a link that
  // is cut are gone.
  void Set(const Link& link);
  // Resets the connections there are, once.
  void CutOnce();

  std::int64_t connections() const;   // accepted so far
  int open_connections() const;       // now
  int most_open_connections() const;  // at any time so far
  std::int64_t lost_commits() const;  // whose answers were withheld so far

 private:
  class Impl;
  explicit Proxy(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace lmsmail::chaos
