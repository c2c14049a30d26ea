#pragma once

#include <cstdint>
#include <filesystem>
#include <ios>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "tests/chaos/received.h"
#include "tests/integration/suite/fake_provider.h"

namespace lmsmail::chaos {

// The fake of a provider's API with the ledger of what it accepted. The ledger is reliable also
// when the fake is killed: it is written before the answer.
class Provider {
 public:
  // `kind` is "sendgrid" or "mailgun". Creates its files in `folder`, which must exist. Mail to
  // `refused_address` is always refused, with the whole request.
  static absl::StatusOr<std::unique_ptr<Provider>> Start(std::string_view kind,
                                                         std::filesystem::path folder,
                                                         std::string_view refused_address);

  // Flags of dispatch for the transport "provider", which becomes the default.
  std::vector<std::string> DispatchFlags() const { return fake_.DispatchFlags(); }

  // Sets a plan of tests/fakes/failure_plan.h, as JSON; removes it.
  absl::Status Fail(std::string_view plan);
  absl::Status StopFailing();
  // The number of requests since the last restart by the status of their answer; "cut" for those
  // without one.
  absl::StatusOr<std::map<std::string, std::int64_t>> Answers();

  absl::Status Kill() { return fake_.Kill(); }
  // At the same ports and with the same ledger.
  absl::Status Restart() { return fake_.Restart(); }

  // The number of accepted mails; all of them in order of acceptance. Thread-safe.
  absl::StatusOr<std::int64_t> Count();
  absl::StatusOr<std::vector<Received>> Ledger();

 private:
  Provider(integration::FakeProvider fake, std::filesystem::path ledger)
      : fake_(std::move(fake)), ledger_(std::move(ledger)) {}
  // Reads the lines that were written since the last call.
  absl::Status ReadOn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  integration::FakeProvider fake_;
  const std::filesystem::path ledger_;
  absl::Mutex mutex_;
  std::streamoff read_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Received> received_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::chaos
