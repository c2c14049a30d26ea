#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/config/schema.h"
#include "libs/config/types.h"

namespace lmsmail::sink {

struct ServerOptions {
  config::HostPort listen = {"127.0.0.1", 0};   // SMTP; port 0 takes a free one
  config::HostPort control = {"127.0.0.1", 0};  // see control.h
  std::vector<std::string> faults = {};         // rules of FaultPlan
  std::string ledger = {};                      // path; empty for no ledger
  std::string ledger_domain = {};               // empty for mail to any domain

  void Declare(config::Schema& schema);
};

// An SMTP server that accepts mail and discards it, at the lowest possible cost: one thread, one
// epoll, and one read and one write for everything that a client has pipelined.
class Server {
 public:
  static absl::StatusOr<std::unique_ptr<Server>> Create(const ServerOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  std::uint16_t control_port() const;

  // Serves on the calling thread until Stop().
  void Run();
  // Thread-safe. Also ends a Run() that starts later.
  void Stop();

  // Returns the counters as JSON. Must not be called during Run().
  std::string Report() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace lmsmail::sink
