#include "libs/time_zone/time_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"
#include "libs/time_zone/database.h"
#include "libs/time_zone/zone_names.h"

namespace lmsmail::time_zone {
namespace {

constexpr std::size_t kMaxName = 64;  // The longest of the database has less than 40.

bool IsZoneName(std::string_view name) {
  if (name.empty() || name.size() > kMaxName || !absl::ascii_isalpha(name.front())) {
    return false;
  }
  // "localtime" is the host's zone. "right/" counts leap seconds, which absl::Time does not.
  if (name == "localtime" || name == "posixrules" || name.starts_with("right/") ||
      name.starts_with("posix/"))
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

}  // namespace

bool IsValid(std::string_view name) { return Load(name).ok(); }

absl::StatusOr<std::string> CanonicalName(std::string_view name) {
  LMSMAIL_RETURN_IF_ERROR(Load(name).status());
  return SpelledAsInDatabase(name).value_or(std::string(name));
}

absl::StatusOr<absl::TimeZone> Load(std::string_view name) {
  absl::TimeZone zone;
  if (IsZoneName(name)) {
    if (absl::LoadTimeZone(SpellingOf(name), &zone)) return zone;
    const auto spelled = SpelledAsInDatabase(name);
    if (spelled && absl::LoadTimeZone(SpellingOf(*spelled), &zone)) return zone;
  }
  const std::string shown = absl::CHexEscape(ToAbsl(name.substr(0, kMaxName)));
  if (const auto alias = name.size() > kMaxName ? std::nullopt : NameOfAlias(name)) {
    return InvalidField(
        "time_zone",
        fmt::format("\"{}\" is not a time zone of the IANA database; use {}", shown, *alias));
  }
  return InvalidField(
      "time_zone",
      fmt::format(
          "\"{}\" is not a time zone; use a name of the IANA database such as Europe/Berlin",
          shown));
}

}  // namespace lmsmail::time_zone
