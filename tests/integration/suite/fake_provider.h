#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "tests/integration/suite/process.h"

namespace lmsmail::integration {

// A provider's API (tests/fakes) in a process of its own.
class FakeProvider {
 public:
  // `kind` is "sendgrid" or "mailgun". The files go to `folder`, which must exist.
  static absl::StatusOr<FakeProvider> Start(std::string_view kind,
                                            const std::filesystem::path& folder);

  // Flags of dispatch for the transport "provider", which becomes the default.
  std::vector<std::string> DispatchFlags() const;

  // Sets the plan of failures (tests/fakes/failure_plan.h).
  absl::Status Fail(const nlohmann::json& plan) const;
  // The counters (tests/fakes/statistics.h).
  absl::StatusOr<nlohmann::json> Statistics() const;
  // The mails that were accepted (tests/fakes/ledger.h).
  std::vector<nlohmann::json> Ledger() const;

  void Kill() const;

 private:
  FakeProvider(Process process, std::string kind, std::filesystem::path folder);

  Process process_;
  std::string kind_;
  std::filesystem::path folder_;
  int port_ = 0;
  int control_port_ = 0;
};

}  // namespace lmsmail::integration
