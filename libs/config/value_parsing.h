#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/config/types.h"

// Converts text to values and back. Errors quote the text and show the expected form.
namespace lmsmail::config::internal {

absl::StatusOr<bool> ParseBool(std::string_view text);
absl::StatusOr<int64_t> ParseInt(std::string_view text);
absl::StatusOr<double> ParseDouble(std::string_view text);
// Days are 24 hours: "30d", "1d12h".
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text);
absl::StatusOr<int64_t> ParseBytes(std::string_view text);
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);
std::vector<std::string> ParseList(std::string_view text);

// Of whole days, two and more: "30d".
std::string FormatDuration(absl::Duration value);
// In the largest binary unit that divides it: "8MiB", "1500".
std::string FormatBytes(int64_t bytes);
std::string FormatList(const std::vector<std::string>& items);

}  // namespace lmsmail::config::internal
