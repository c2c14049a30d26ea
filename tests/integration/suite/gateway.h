#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/http_server/testing/raw_client.h"
#include "tests/integration/suite/process.h"
#include "tests/integration/suite/suite.h"

namespace lmsmail::integration {

// The gateway of a suite, which has no gRPC service and no database. Ends with this object.
class Gateway {
 public:
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(const Suite& suite,
                                                        std::vector<std::string> flags = {});

  // Sends octets to the public listener over a new connection. `head` is for a HEAD request.
  http_server::testing::RawResponse Send(std::string_view octets, bool head = false) const;

  // The same to the admin listener.
  http_server::testing::RawResponse SendAdmin(std::string_view octets) const;
  std::uint16_t port() const { return port_; }
  std::uint16_t admin_port() const { return admin_port_; }

  // Sends SIGTERM and returns the exit code.
  absl::StatusOr<int> Terminate();
  std::string Log() const { return process_.Output(); }

 private:
  Gateway(Process process, int port, int admin_port)
      : process_(std::move(process)),
        port_(static_cast<std::uint16_t>(port)),
        admin_port_(static_cast<std::uint16_t>(admin_port)) {}

  Process process_;
  const std::uint16_t port_;
  const std::uint16_t admin_port_;
};

}  // namespace lmsmail::integration
