#include "libs/time_zone/time_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

#include "libs/status/error_details.h"
#include "libs/strings/view.h"
#include "libs/time_zone/database.h"

namespace lmsmail::time_zone {
namespace {

constexpr std::size_t kMaxName = 64;  // The longest of the database has less than 40.

bool IsZoneName(std::string_view name) {
  if (name.empty() || name.size() > kMaxName || !absl::ascii_isalpha(name.front())) {
    return false;
  }
  // "localtime" is the host's zone. "right/" counts leap seconds, which absl::Time does not.
  if (name == "localtime" || name.starts_with("right/") || name.starts_with("posix/")) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

}  // namespace

bool IsValid(std::string_view name) { return Load(name).ok(); }

absl::StatusOr<absl::TimeZone> Load(std::string_view name) {
  absl::TimeZone zone;
  if (IsZoneName(name) && absl::LoadTimeZone(SpellingOf(name), &zone)) return zone;
  return InvalidField(
      "time_zone",
      fmt::format(
          "\"{}\" is not a time zone; use a name of the IANA database such as Europe/Berlin",
          absl::CHexEscape(ToAbsl(name.substr(0, kMaxName)))));
}

}  // namespace lmsmail::time_zone
