#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "tests/chaos/received.h"
#include "tests/integration/suite/process.h"

namespace lmsmail::chaos {

// lmsmail-sink as a child process: the receiving server with the ledger of what it accepted. No
// fault affects it, so that its ledger is reliable.
class Sink {
 public:
  // Creates its files in `folder`.
  static absl::StatusOr<std::unique_ptr<Sink>> Start(const std::filesystem::path& folder);

  std::uint16_t port() const { return port_; }

  // Adds a rule of tests/bench/sink/fault_plan.h; removes all rules.
  absl::Status AddFault(std::string_view rule);
  absl::Status ClearFaults();

  // A counter of tests/bench/sink/statistics.h, such as "accepted".
  absl::StatusOr<std::int64_t> Count(std::string_view counter = "accepted");
  // All accepted mails in order of acceptance.
  absl::StatusOr<std::vector<Received>> Ledger() const;

 private:
  Sink(integration::Process process, std::filesystem::path ledger, std::uint16_t port,
       std::uint16_t control_port);
  // Sends a command to the control port and returns the response.
  absl::StatusOr<std::string> Command(std::string_view command);

  integration::Process process_;
  const std::filesystem::path ledger_;
  const std::uint16_t port_;
  const std::uint16_t control_port_;
};

}  // namespace lmsmail::chaos
