#include "libs/config/value_parsing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <limits>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "libs/strings/view.h"

namespace lmsmail::config::internal {
namespace {

struct Unit {
  std::string_view name;
  int64_t bytes;
};
constexpr std::array kUnits = {
    Unit{"GiB", int64_t{1} << 30},
    Unit{"MiB", int64_t{1} << 20},
    Unit{"KiB", int64_t{1} << 10},
    Unit{"GB", 1'000'000'000},
    Unit{"MB", 1'000'000},
    Unit{"kB", 1'000},
    Unit{"B", 1},
    Unit{"", 1},
};

absl::Status Malformed(std::string_view text, std::string_view expected) {
  constexpr size_t kMaxQuoted = 60;
  const bool cut = text.size() > kMaxQuoted;
  return absl::InvalidArgumentError(
      fmt::format("\"{}{}\" is not {}", text.substr(0, kMaxQuoted), cut ? "..." : "", expected));
}

}  // namespace

absl::StatusOr<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Malformed(text, "true or false");
}

absl::StatusOr<int64_t> ParseInt(std::string_view text) {
  int64_t value = 0;
  if (!absl::SimpleAtoi(ToAbsl(text), &value)) return Malformed(text, "a whole number");
  return value;
}

absl::StatusOr<double> ParseDouble(std::string_view text) {
  double value = 0;
  if (!absl::SimpleAtod(ToAbsl(text), &value)) return Malformed(text, "a number");
  return value;
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  std::int32_t days = 0;
  absl::Duration rest;
  const std::size_t end_of_days = text.find('d');
  if (end_of_days == std::string_view::npos) {
    if (absl::ParseDuration(ToAbsl(text), &rest)) return rest;
  } else if (text.find_first_of(" \t\n") == std::string_view::npos &&
             absl::SimpleAtoi(ToAbsl(text.substr(0, end_of_days)), &days)) {
    const std::string_view time = text.substr(end_of_days + 1);
    const bool is_signed = time.starts_with('-') || time.starts_with('+');
    if (time.empty() || (!is_signed && absl::ParseDuration(ToAbsl(time), &rest))) {
      return absl::Hours(24) * days + (days < 0 ? -rest : rest);
    }
  }
  return Malformed(text, "a duration such as 250ms, 10s, 1h30m or 30d");
}

std::string FormatDuration(absl::Duration value) {
  constexpr absl::Duration kDay = absl::Hours(24);
  if (value < 2 * kDay || value == absl::InfiniteDuration() || value % kDay != absl::Duration()) {
    return absl::FormatDuration(value);
  }
  return fmt::format("{}d", value / kDay);
}

absl::StatusOr<int64_t> ParseBytes(std::string_view text) {
  int64_t count = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(rest, text.data() + text.size() - rest);
  if (error == std::errc() && count >= 0) {
    for (const Unit& known : kUnits) {
      if (unit == known.name && count <= std::numeric_limits<int64_t>::max() / known.bytes) {
        return count * known.bytes;
      }
    }
  }
  return Malformed(text, "a size such as 512KiB, 8MiB or 64kB");
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  constexpr std::string_view kExpected =
      "host:port, such as 0.0.0.0:7103, mx.example.edu:587 or [::1]:0";
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Malformed(text, kExpected);
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return Malformed(text, kExpected);
  }
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (host.empty() || host.find_first_of(" \t") != std::string_view::npos || error != std::errc() ||
      end != digits.data() + digits.size()) {
    return Malformed(text, kExpected);
  }
  return HostPort{std::string(host), port};
}

std::vector<std::string> ParseList(std::string_view text) {
  std::vector<std::string> items;
  if (absl::StripAsciiWhitespace(ToAbsl(text)).empty()) return items;
  for (absl::string_view item : absl::StrSplit(ToAbsl(text), ',')) {
    items.emplace_back(absl::StripAsciiWhitespace(item));
  }
  return items;
}

std::string FormatBytes(int64_t bytes) {
  for (const Unit& unit : kUnits) {
    // Only binary units: "65536" reads better as 64KiB than as 65.536kB.
    const bool binary = unit.name.size() == 3;
    if (binary && bytes != 0 && bytes % unit.bytes == 0) {
      return fmt::format("{}{}", bytes / unit.bytes, unit.name);
    }
  }
  return std::to_string(bytes);
}

std::string FormatList(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, ","));
}

}  // namespace lmsmail::config::internal
