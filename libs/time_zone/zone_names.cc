#include "libs/time_zone/zone_names.h"

#include <unicode/timezone.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"

#include "libs/strings/view.h"
#include "libs/time_zone/database.h"

namespace lmsmail::time_zone {
namespace {

namespace fs = std::filesystem;

using Names = std::map<std::string, std::string, std::less<>>;  // by their lower case

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(ToAbsl(text)); }

// Folders and files of the database that hold no zones by their usual names.
bool IsZoneFile(const fs::path& relative) {
  const std::string first = relative.begin()->string();
  return first != "posix" && first != "right" && first != "localtime" && first != "posixrules" &&
         first != "Factory" && relative.extension().empty() && first != "leapseconds";
}

Names ReadNames() {
  const fs::path folder = DatabaseFolder();
  Names names;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    const fs::path relative = entry->path().lexically_relative(folder);
    if (IsZoneFile(relative)) names.emplace(Lower(relative.string()), relative.string());
  }
  return names;
}

const Names& AllNames() {
  static const Names* const names = new Names(ReadNames());
  return *names;
}

// The names that Rails has (ActiveSupport::TimeZone::MAPPING) and that are not the last part of the
// zone's name, in lower case.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"abu dhabi", "Asia/Muscat"},
    {"alaska", "America/Juneau"},
    {"american samoa", "Pacific/Pago_Pago"},
    {"arizona", "America/Phoenix"},
    {"astana", "Asia/Almaty"},
    {"atlantic time (canada)", "America/Halifax"},
    {"beijing", "Asia/Shanghai"},
    {"bern", "Europe/Zurich"},
    {"brasilia", "America/Sao_Paulo"},
    {"canberra", "Australia/Sydney"},
    {"cape verde is.", "Atlantic/Cape_Verde"},
    {"central america", "America/Guatemala"},
    {"central time (us & canada)", "America/Chicago"},
    {"chatham is.", "Pacific/Chatham"},
    {"chennai", "Asia/Kolkata"},
    {"eastern time (us & canada)", "America/New_York"},
    {"edinburgh", "Europe/London"},
    {"ekaterinburg", "Asia/Yekaterinburg"},
    {"georgetown", "America/Guyana"},
    {"greenland", "America/Godthab"},
    {"guadalajara", "America/Mexico_City"},
    {"hanoi", "Asia/Ho_Chi_Minh"},
    {"hawaii", "Pacific/Honolulu"},
    {"indiana (east)", "America/Indiana/Indianapolis"},
    {"international date line west", "Pacific/Midway"},
    {"islamabad", "Asia/Karachi"},
    {"kyiv", "Europe/Kiev"},
    {"marshall is.", "Pacific/Majuro"},
    {"mid-atlantic", "Atlantic/South_Georgia"},
    {"midway island", "Pacific/Midway"},
    {"mountain time (us & canada)", "America/Denver"},
    {"mumbai", "Asia/Kolkata"},
    {"new caledonia", "Pacific/Noumea"},
    {"new delhi", "Asia/Kolkata"},
    {"newfoundland", "America/St_Johns"},
    {"nuku'alofa", "Pacific/Tongatapu"},
    {"osaka", "Asia/Tokyo"},
    {"pacific time (us & canada)", "America/Los_Angeles"},
    {"pretoria", "Africa/Johannesburg"},
    {"quito", "America/Guayaquil"},
    {"rangoon", "Asia/Yangon"},
    {"samoa", "Pacific/Apia"},
    {"sapporo", "Asia/Tokyo"},
    {"saskatchewan", "America/Regina"},
    {"solomon is.", "Pacific/Guadalcanal"},
    {"sri jayawardenepura", "Asia/Colombo"},
    {"st. petersburg", "Europe/Moscow"},
    {"tokelau is.", "Pacific/Fakaofo"},
    {"wellington", "Pacific/Auckland"},
    {"west central africa", "Africa/Algiers"},
};

std::optional<std::string> NameOfWindows(std::string_view windows) {
  UErrorCode error = U_ZERO_ERROR;
  icu::UnicodeString found;
  const icu::StringPiece utf8(windows.data(), static_cast<std::int32_t>(windows.size()));
  icu::TimeZone::getIDForWindowsID(icu::UnicodeString::fromUTF8(utf8), nullptr, found, error);
  std::string name;
  found.toUTF8String(name);
  if (U_FAILURE(error) != 0 || name.empty()) return std::nullopt;
  return name;
}

// "Berlin", "new york".
std::optional<std::string> NameOfCity(std::string city) {
  std::ranges::replace(city, ' ', '_');
  const std::string end = "/" + city;
  const auto found =
      std::ranges::find_if(AllNames(), [&](const auto& item) { return item.first.ends_with(end); });
  if (found == AllNames().end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::optional<std::string> SpelledAsInDatabase(std::string_view name) {
  const auto found = AllNames().find(Lower(name));
  if (found == AllNames().end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> NameOfAlias(std::string_view alias) {
  if (!std::ranges::all_of(alias, [](char c) { return absl::ascii_isprint(c); })) {
    return std::nullopt;
  }
  if (auto windows = NameOfWindows(alias)) return windows;
  std::string lower = Lower(alias);
  const auto* const rails =
      std::ranges::find(kAliases, lower, &std::pair<std::string_view, std::string_view>::first);
  if (rails != std::end(kAliases)) return std::string(rails->second);
  return NameOfCity(std::move(lower));
}

}  // namespace lmsmail::time_zone
