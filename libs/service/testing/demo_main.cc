// A minimal service for tests of what all services share.

#include <pqxx/pqxx>

#include "embedded/service_demo_schema.h"

#include "libs/postgres/transaction.h"
#include "libs/rpc/testing/echo_service.h"
#include "libs/service/main.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::service {
namespace {

namespace pb = lmsmail::testing::v1;

class Demo final : public Workload {
 public:
  explicit Demo(const Runtime& runtime)
      : pool_(runtime.pool),
        echo_(runtime.runner, [this](const rpc::CallInfo& call, const pb::EchoRequest& request,
                                     pb::EchoResponse& out) { return Echo(call, request, out); }) {}

  std::vector<rpc::HostedService> Services() override {
    return {rpc::Host<pb::EchoService>(echo_)};
  }

  absl::Status Start() override {
    telemetry::LogInfo("workers started");
    return absl::OkStatus();
  }
  void Stop(absl::Time) override { telemetry::LogInfo("workers stopped"); }

 private:
  // Returns the note in the database. The text "lock" waits for advisory lock 1 first.
  absl::Status Echo(const rpc::CallInfo& call, const pb::EchoRequest& request,
                    pb::EchoResponse& response) {
    if (request.text() == "lock") telemetry::LogInfo("waiting for the lock");
    return postgres::RunInTransaction(
        pool_, {.name = "demo.echo", .deadline = call.deadline}, [&](pqxx::work& tx) {
          if (request.text() == "lock") tx.exec("SELECT pg_advisory_xact_lock(1)");
          response.set_text(tx.exec1("SELECT text FROM note")[0].as<std::string>());
          return absl::OkStatus();
        });
  }

  postgres::Pool& pool_;
  rpc::EchoService echo_;
};

absl::StatusOr<std::unique_ptr<Workload>> Build(const Runtime& runtime) {
  return std::make_unique<Demo>(runtime);
}

}  // namespace
}  // namespace lmsmail::service

int main(int argc, char** argv) {
  return lmsmail::service::Main(argc, argv,
                                {.name = "demo",
                                 .port = 0,
                                 .metrics_port = 0,
                                 .schema = kServiceDemoSchema,
                                 .adjust_pool =
                                     [](lmsmail::postgres::PoolOptions& o) {
                                       o.lock_timeout = absl::Seconds(20);
                                       o.statement_timeout = absl::Seconds(20);
                                     },
                                 .build = lmsmail::service::Build});
}
