#include "services/report/domain/resource_names.h"

#include <fmt/format.h>

#include "libs/resource_name/id.h"

namespace lmsmail::report {
namespace {

constexpr std::string_view kRuns = "weeklyReportRuns/";
constexpr std::string_view kReports = "/reports/";

}  // namespace

std::string RunName(const IsoWeek& week) { return fmt::format("{}{}", kRuns, week.ToString()); }

std::string ReportName(const IsoWeek& week, std::string_view student) {
  return fmt::format("{}{}{}", RunName(week), kReports, student);
}

std::optional<IsoWeek> ParseRunName(std::string_view name) {
  if (!name.starts_with(kRuns)) return std::nullopt;
  return IsoWeek::Parse(name.substr(kRuns.size()));
}

std::optional<ParsedReportName> ParseReportName(std::string_view name) {
  const std::size_t slash = name.find(kReports);
  if (slash == std::string_view::npos) return std::nullopt;
  const auto week = ParseRunName(name.substr(0, slash));
  const auto student =
      resource_name::ParseName(name.substr(slash), kReports, resource_name::IsLmsId);
  if (!week || !student) return std::nullopt;
  return ParsedReportName{*week, *student};
}

}  // namespace lmsmail::report
