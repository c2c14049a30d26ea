#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/config/types.h"

namespace lmsmail::sink {

struct ServerOptions {
  config::HostPort listen = {"127.0.0.1", 0};   // SMTP; port 0 takes a free one
  config::HostPort control = {"127.0.0.1", 0};  // see control.h
  std::vector<std::string> faults = {};         // rules of FaultPlan
  std::string ledger = {};                      // path; empty: none
  std::string ledger_domain = {};               // empty: mail to any domain
};

// An SMTP server that takes mail and throws it away, as cheaply as can be: one thread, one epoll,
// one read and one write for whatever a client has pipelined.
class Server {
 public:
  static absl::StatusOr<std::unique_ptr<Server>> Create(const ServerOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  std::uint16_t control_port() const;

  // Serves until Stop(). Single-threaded: everything happens on the calling thread.
  void Run();
  // From any thread, once Run() is called or about to be.
  void Stop();

  // The counters as JSON. Not while Run() runs.
  std::string Report() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace lmsmail::sink
