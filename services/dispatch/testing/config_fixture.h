#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "libs/clock/clock.h"
#include "libs/config/schema.h"
#include "libs/service/base_config.h"
#include "services/dispatch/config.h"

namespace lmsmail::dispatch {

// Loads the configuration from flags. Every file that they name holds `secret_`.
class ConfigTest : public testing::Test {
 protected:
  absl::Status Load(std::vector<std::string> flags) {
    config::Schema schema("dispatch", "test");
    config_.Declare(schema, base_);
    std::vector<const char*> argv = {"lmsmail-dispatch"};
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    const char* const environment[] = {nullptr};
    return schema
        .Load(static_cast<int>(argv.size()), argv.data(), environment,
              [this](const std::string&) -> absl::StatusOr<std::string> { return secret_; })
        .status();
  }

  const FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  service::BaseConfig base_{0, 0};
  DispatchConfig config_;
  std::string secret_ = "secret";  // what every file holds
};

}  // namespace lmsmail::dispatch
