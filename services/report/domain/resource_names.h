#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/calendar/iso_week.h"
#include "libs/resource_name/name.h"

// Resource names of the API and the ids in them.
namespace lmsmail::report {

using resource_name::CourseName;
using resource_name::ParseCourseName;
using resource_name::ParseRecipientName;
using resource_name::RecipientName;

std::string RunName(const IsoWeek& week);  // "weeklyReportRuns/2026-W47"
std::string ReportName(const IsoWeek& week, std::string_view student);  // ".../reports/student-17"

// The parsers return nullopt for any text that the functions above do not return.
std::optional<IsoWeek> ParseRunName(std::string_view name);

struct ParsedReportName {
  IsoWeek week;
  std::string student;
};
std::optional<ParsedReportName> ParseReportName(std::string_view name);

}  // namespace lmsmail::report
