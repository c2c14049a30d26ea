#include <cstdio>
#include <memory>
#include <thread>

#include "absl/status/status.h"

#include "libs/lifecycle/shutdown_signal.h"
#include "libs/status/status_macros.h"
#include "tests/bench/sink/server.h"
#include "tests/tool/tool_main.h"

// lmsmail-sink: an SMTP server that discards mail; see README.md. Prints its ports at the start and
// its counters at the end, each as a line of JSON.
namespace lmsmail::sink {
namespace {

absl::Status Run(const ServerOptions& options) {
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
  return lmsmail::ToolMain("sink", argc, argv, lmsmail::sink::Run);
}
