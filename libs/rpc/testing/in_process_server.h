#pragma once

#include <grpcpp/channel.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "libs/audit/audit_handlers.h"
#include "libs/audit/in_memory_audit_log.h"
#include "libs/rpc/call_runner.h"
#include "libs/rpc/server.h"
#include "libs/telemetry/metrics.h"

namespace lmsmail::rpc {

// A CallRunner with its own metrics. Declare it before the service that uses it:
//
//   TestRunner runner;
//   EchoService service(runner.get());
//   InProcessServer server({Host<pb::EchoService>(service)});
//   auto stub = server.NewStub<pb::EchoService>();
class TestRunner {
 public:
  explicit TestRunner(CallRunner::Options options = DefaultOptions());

  static CallRunner::Options DefaultOptions();

  CallRunner& get() { return runner_; }
  const telemetry::Metrics& metrics() const { return metrics_; }
  // Of a log that stays empty.
  audit::AuditHandlers& audit_handlers() { return audit_handlers_; }

 private:
  telemetry::Metrics metrics_;
  CallRunner runner_;
  const SystemClock clock_;
  audit::InMemoryAuditLog audit_log_{clock_};
  audit::AuditHandlers audit_handlers_{audit_log_};
};

// A server on a free port of 127.0.0.1, serving until destroyed. Aborts the test program when it
// cannot start.
class InProcessServer {
 public:
  explicit InProcessServer(std::initializer_list<HostedService> services);

  Server& server() { return *server_; }
  std::string target() const;
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  template <typename Service>
  std::unique_ptr<typename Service::Stub> NewStub() const {
    return Service::NewStub(channel_);
  }

 private:
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace lmsmail::rpc
