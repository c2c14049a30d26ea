#pragma once

#include <grpcpp/channel.h>

#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/tls_folder.h"
#include "libs/testing/temporary_folder.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "lmsmail/report/v1/report_service.grpc.pb.h"
#include "lmsmail/scheduler/v1/scheduler_service.grpc.pb.h"
#include "lmsmail/templates/v1/template_service.grpc.pb.h"
#include "tests/integration/suite/inbox.h"
#include "tests/integration/suite/process.h"
#include "tests/integration/suite/service_config.h"

namespace lmsmail::integration {

using Templates = templates::v1::TemplateService::StubInterface;
using Preferences = preference::v1::PreferenceService::StubInterface;
using Dispatch = dispatch::v1::DispatchService::StubInterface;
using Reports = report::v1::ReportService::StubInterface;
using Scheduler = scheduler::v1::SchedulerService::StubInterface;

// Runs the real binaries with their own PostgreSQL and inbox, and has a client of each. Services
// are named as in "dispatch". Everything ends with this object. If a test has failed, the end of
// each service's log is printed.
//
// Each suite listens on its own loopback address in 127.0.0.0/8, so that a restarted service gets
// its previous port even if several suites run concurrently.
class Suite {
 public:
  struct Options {
    // In order of dependency. A test may omit services that it does not call. "dispatch/1" is
    // another replica of "dispatch"; the services that call it share their calls among its
    // replicas.
    std::vector<std::string_view> services = {std::begin(kServices), std::end(kServices)};
    // Additional flags by service.
    std::map<std::string, std::vector<std::string>, std::less<>> flags = {};
    // Whether the built-in templates are installed.
    bool install_templates = true;
    // Whether the services speak TLS and know their callers: each other by certificates, and one
    // caller for each role, whose token is "TOKEN-OF-<role>". The suite's own clients are an
    // administrator.
    bool secure = false;
  };
  // Waits until every service is SERVING.
  static absl::StatusOr<std::unique_ptr<Suite>> Start(Options options);
  static absl::StatusOr<std::unique_ptr<Suite>> Start() { return Start({}); }
  ~Suite();

  templates::v1::TemplateService::Stub& templates() { return *templates_; }
  preference::v1::PreferenceService::Stub& preferences() { return *preferences_; }
  dispatch::v1::DispatchService::Stub& dispatch() { return *dispatch_; }
  report::v1::ReportService::Stub& reports() { return *reports_; }
  scheduler::v1::SchedulerService::Stub& scheduler() { return *scheduler_; }

  const std::vector<std::string_view>& services() const { return options_.services; }
  Inbox& inbox() { return *inbox_; }
  postgres::EmbeddedPostgres& database() { return *database_; }
  // The DSN of the database without a user. The role of each service is "lmsmail_<service>".
  const std::string& dsn() const { return dsn_; }

  // Sends SIGKILL and waits for the end.
  absl::Status Kill(std::string_view service);
  // Sends SIGTERM and returns the exit code. Returns DEADLINE_EXCEEDED if the service exceeds its
  // shutdown limit.
  absl::StatusOr<int> Terminate(std::string_view service);
  // Waits for a service to end by itself. Returns its exit code.
  absl::StatusOr<int> WaitForExit(std::string_view service);
  // Starts a service again at its previous address. Waits until it is SERVING.
  absl::Status Restart(std::string_view service);
  // Services that start from now on are the programs in this folder.
  void UseBinaries(std::string folder) { binaries_ = std::move(folder); }

  absl::StatusOr<bool> IsServing(std::string_view service) const;
  absl::Status WaitUntilServing(std::string_view service) const;
  // The gRPC target and the address of the metrics.
  const std::string& Target(std::string_view service) const;
  // The target of all replicas of a service, "ipv4:127.1.2.3:5,127.1.2.3:6".
  std::string TargetOfAll(std::string_view service) const;
  const std::string& MetricsTarget(std::string_view service) const;
  std::string Log(std::string_view service) const;
  // Of a secure suite: the certificate of the administrator, or of nobody.
  rpc::TlsFiles AdminTls() const;
  rpc::TlsFiles Trust() const { return tls_.Trust(); }
  // Of the logs and other files; deleted with the suite.
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  struct Service {
    std::unique_ptr<Process> process;
    std::string target;
    std::string metrics_target;
    std::shared_ptr<grpc::Channel> channel;
  };

  explicit Suite(Options options);
  absl::Status Prepare();
  absl::StatusOr<std::string> NewDatabase();
  // Makes the certificates and the callers file.
  void PrepareTls();
  std::vector<std::string> TlsFlagsOf(std::string_view service) const;
  absl::Status Launch(std::string_view name);
  std::vector<std::string> FlagsOf(std::string_view name) const;
  absl::Status InstallTemplates();
  Service& At(std::string_view service) { return services_.find(service)->second; }
  const Service& At(std::string_view service) const { return services_.find(service)->second; }

  const Options options_;
  const std::string host_;
  std::string binaries_;
  TemporaryFolder folder_;
  const rpc::TlsFolder tls_;
  std::unique_ptr<postgres::EmbeddedPostgres> database_;
  std::string dsn_;  // without a user
  std::unique_ptr<Inbox> inbox_;
  std::map<std::string, Service, std::less<>> services_;

  std::unique_ptr<templates::v1::TemplateService::Stub> templates_;
  std::unique_ptr<preference::v1::PreferenceService::Stub> preferences_;
  std::unique_ptr<dispatch::v1::DispatchService::Stub> dispatch_;
  std::unique_ptr<report::v1::ReportService::Stub> reports_;
  std::unique_ptr<scheduler::v1::SchedulerService::Stub> scheduler_;
};

// rpc::Call with the deadline that all test calls use.
template <typename Stub, typename Method, typename Request>
auto Call(Stub& stub, Method method, const Request& request) {
  return rpc::Call(stub, method, request, rpc::WithTimeout(absl::Seconds(20)));
}

}  // namespace lmsmail::integration
