#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "tests/integration/process.h"

namespace lmsmail::chaos {

// A mail that the receiving server took.
struct Taken {
  absl::Time at;
  bool answered = true;  // false: the sink was told to close the connection instead
  std::string message_id;
  std::string recipient;
};

// lmsmail-sink as a process of its own: the receiving server, and the ledger of what it took. It is
// never disturbed, so that its ledger can be believed.
class Sink {
 public:
  // Its files go to `folder`.
  static absl::StatusOr<std::unique_ptr<Sink>> Start(const std::filesystem::path& folder);

  std::uint16_t port() const { return port_; }

  // Adds a rule of tests/bench/sink/fault_plan.h; forgets all rules.
  absl::Status Misbehave(std::string_view rule);
  absl::Status Behave();

  // How many mails it took so far.
  absl::StatusOr<std::int64_t> Count();
  // All of them, in the order in which it took them.
  absl::StatusOr<std::vector<Taken>> Ledger() const;

 private:
  Sink(integration::Process process, std::filesystem::path ledger, std::uint16_t port,
       std::uint16_t control_port);
  // The answer to one command of its control port.
  absl::StatusOr<std::string> Command(std::string_view command);

  integration::Process process_;
  const std::filesystem::path ledger_;
  const std::uint16_t port_;
  const std::uint16_t control_port_;
};

}  // namespace lmsmail::chaos
