#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "libs/clock/clock.h"
#include "libs/config/schema.h"
#include "libs/service/base_config.h"
#include "services/dispatch/config.h"

namespace lmsmail::dispatch {

// Loads the configuration from flags. Every file that they name holds `secret_`. Unless they name a
// keys_file, there is one with a key.
class ConfigTest : public testing::Test {
 protected:
  absl::Status Load(std::vector<std::string> flags) {
    if (has_keys_ && std::ranges::none_of(flags, [](const std::string& flag) {
          return flag.starts_with("--keys_file=");
        })) {
      flags.push_back(fmt::format("--keys_file={}", kUsualKeys));
    }
    config::Schema schema("dispatch", "test");
    config_.Declare(schema, base_);
    std::vector<const char*> argv = {"lmsmail-dispatch"};
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    const char* const environment[] = {nullptr};
    return schema
        .Load(static_cast<int>(argv.size()), argv.data(), environment,
              [this](const std::string& path) -> absl::StatusOr<std::string> {
                return path == kUsualKeys ? "k1:" + std::string(64, 'a') : secret_;
              })
        .status();
  }

  const FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  service::BaseConfig base_{0, 0};
  DispatchConfig config_;
  std::string secret_ = "secret";  // what every file holds
  bool has_keys_ = true;

 private:
  static constexpr std::string_view kUsualKeys = "/usual-keys";
};

}  // namespace lmsmail::dispatch
