#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/config/schema.h"
#include "libs/config/types.h"
#include "libs/http_server/server.h"
#include "tests/fakes/api.h"
#include "tests/fakes/delayed_answers.h"
#include "tests/fakes/failure_plan.h"
#include "tests/fakes/ledger.h"
#include "tests/fakes/statistics.h"

namespace lmsmail::fakes {

struct FakeOptions {
  config::HostPort listen = {"127.0.0.1", 0};   // the API; port 0 takes a free one
  config::HostPort control = {"127.0.0.1", 0};  // see FakeServer
  std::string ledger = {};                      // path; empty for no ledger
  std::int32_t threads = 1;

  void Declare(config::Schema& schema);
};

// Serves an API and, on a second port, its control:
//   GET /control    the counters of Statistics, and the mode of the failure plan
//   POST /control   sets the FailurePlan, which applies to the requests after the response
// Errors are {"error":"..."}.
class FakeServer {
 public:
  static absl::StatusOr<std::unique_ptr<FakeServer>> Start(const FakeOptions& options,
                                                           std::unique_ptr<Api> api);

  std::uint16_t port() const { return api_server_->port(); }
  std::uint16_t control_port() const { return control_server_->port(); }

  void Shutdown();
  // The counters as one line of JSON.
  std::string Report() const;

 private:
  FakeServer(std::unique_ptr<Api> api, std::unique_ptr<Ledger> ledger)
      : api_(std::move(api)), ledger_(std::move(ledger)) {}

  http_server::Admission Admit(const http_server::Request& request);
  void Serve(http_server::Request request, http_server::Responder responder);
  void Accept(const std::vector<Mail>& mails, bool answered);
  void Control(const http_server::Request& request, http_server::Responder responder);

  const std::unique_ptr<Api> api_;
  const std::unique_ptr<Ledger> ledger_;  // may be null
  FailurePlan plan_;
  Statistics statistics_;
  DelayedAnswers delayed_;
  // Last, because their threads use the rest.
  std::unique_ptr<http_server::Server> api_server_;
  std::unique_ptr<http_server::Server> control_server_;
};

// What is worked out of each mail: without a ledger, little.
Detail DetailFor(const FakeOptions& options, bool keep_content);

// The body of main() of a fake: serves until SIGTERM or SIGINT. Prints the ports at the start and
// the counters at the end, each as a line of JSON.
absl::Status RunFake(const FakeOptions& options, std::unique_ptr<Api> api);

}  // namespace lmsmail::fakes
