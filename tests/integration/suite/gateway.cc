#include "tests/integration/suite/gateway.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "libs/status/status_macros.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(const Suite& suite,
                                                        std::vector<std::string> flags) {
  std::vector<std::string> argv = {fmt::format("{}/lmsmail-gateway", LMSMAIL_BINARIES),
                                   "--listen=127.0.0.1:0",
                                   "--admin_listen=127.0.0.1:0",
                                   "--metrics_listen=127.0.0.1:0",
                                   "--log.format=json",
                                   "--school.name=School of Tests",
                                   "--preference.timeout=2s"};
  for (const std::string_view service : kServices) {
    const auto& started = suite.services();
    const bool present = std::ranges::find(started, service) != started.end();
    // Nobody listens on port 1.
    argv.push_back(
        fmt::format("--{}.target={}", service, present ? suite.Target(service) : "127.0.0.1:1"));
  }
  argv.insert(argv.end(), flags.begin(), flags.end());
  LMSMAIL_ASSIGN_OR_RETURN(Process process,
                           Process::Start(std::move(argv), suite.folder() / "gateway.log"));
  LMSMAIL_ASSIGN_OR_RETURN(const std::string line, process.WaitForLine("\"listening\""));
  LMSMAIL_ASSIGN_OR_RETURN(const int port, NumberIn(line, "port"));
  LMSMAIL_ASSIGN_OR_RETURN(const int admin_port, NumberIn(line, "admin_port"));
  return std::unique_ptr<Gateway>(new Gateway(std::move(process), port, admin_port));
}

http_server::testing::RawResponse Gateway::Send(std::string_view octets, bool head) const {
  http_server::testing::RawClient client(port_);
  client.Send(octets);
  return client.Receive(head);
}

http_server::testing::RawResponse Gateway::SendAdmin(std::string_view octets) const {
  http_server::testing::RawClient client(admin_port_);
  client.Send(octets);
  return client.Receive();
}

absl::StatusOr<int> Gateway::Terminate() {
  process_.Signal(SIGTERM);
  return process_.WaitForExit(kTimeout);
}

}  // namespace lmsmail::integration
