#include "services/report/resource_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace lmsmail::report {
namespace {

constexpr std::string_view kCourses = "courses/";
constexpr std::string_view kRecipients = "recipients/";
constexpr std::string_view kRuns = "weeklyReportRuns/";
constexpr std::string_view kReports = "/reports/";

std::optional<std::string> ParseIdAfter(std::string_view collection, std::string_view name) {
  if (!name.starts_with(collection)) return std::nullopt;
  name.remove_prefix(collection.size());
  if (!IsId(name)) return std::nullopt;
  return std::string(name);
}

bool IsIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '~';
}

}  // namespace

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), IsIdCharacter);
}

std::string CourseName(std::string_view id) { return fmt::format("{}{}", kCourses, id); }

std::string StudentName(std::string_view id) { return fmt::format("{}{}", kRecipients, id); }

std::string RunName(const IsoWeek& week) { return fmt::format("{}{}", kRuns, week.ToString()); }

std::string ReportName(const IsoWeek& week, std::string_view student) {
  return fmt::format("{}{}{}", RunName(week), kReports, student);
}

std::optional<std::string> ParseCourseName(std::string_view name) {
  return ParseIdAfter(kCourses, name);
}

std::optional<std::string> ParseStudentName(std::string_view name) {
  return ParseIdAfter(kRecipients, name);
}

std::optional<IsoWeek> ParseRunName(std::string_view name) {
  if (!name.starts_with(kRuns)) return std::nullopt;
  return IsoWeek::Parse(name.substr(kRuns.size()));
}

std::optional<ParsedReportName> ParseReportName(std::string_view name) {
  const std::size_t slash = name.find(kReports);
  if (slash == std::string_view::npos) return std::nullopt;
  const auto week = ParseRunName(name.substr(0, slash));
  const auto student = ParseIdAfter(kReports, name.substr(slash));
  if (!week || !student) return std::nullopt;
  return ParsedReportName{*week, *student};
}

}  // namespace lmsmail::report
