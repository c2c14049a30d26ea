#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>

#include "absl/status/status.h"

#include "libs/config/schema.h"
#include "libs/lifecycle/shutdown_signal.h"
#include "libs/status/status_macros.h"
#include "tests/bench/sink/server.h"

// lmsmail-sink: takes mail and throws it away; see README.md. Prints its ports at the start and its
// counters at the end, each as a line of JSON.
namespace lmsmail::sink {
namespace {

absl::Status Run(int argc, char** argv) {
  ServerOptions options;
  config::Schema schema("sink", "1");
  schema.Address("listen", &options.listen, "Where SMTP is spoken; port 0 takes a free one.");
  schema.Address("control", &options.control, "Where statistics are asked and faults set.");
  schema.StringList("faults", &options.faults,
                    "Rules such as \"450 every=10 domain=slow.test\"; see fault_plan.h.");
  schema.String("ledger", &options.ledger, "File that accepted mails are listed in.");
  schema.String("ledger_domain", &options.ledger_domain, "Only mail to this domain is listed.");
  LMSMAIL_ASSIGN_OR_RETURN(const config::Outcome outcome, schema.Load(argc, argv, environ));
  if (!outcome.run) {
    std::fputs(outcome.output.c_str(), stdout);
    return absl::OkStatus();
  }
  LMSMAIL_ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Create(options));
  std::printf("{\"port\":%d,\"control_port\":%d}\n", server->port(), server->control_port());
  std::fflush(stdout);
  std::thread serving([&] { server->Run(); });
  lifecycle::WaitForShutdownSignal();
  server->Stop();
  serving.join();
  std::puts(server->Report().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace lmsmail::sink

int main(int argc, char** argv) {
  lmsmail::lifecycle::BlockShutdownSignals();
  const absl::Status status = lmsmail::sink::Run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "lmsmail-sink: %s\n", status.ToString().c_str());
  return 1;
}
