#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/report/iso_week.h"

// Resource names of the protocol and the identifiers behind them.
namespace lmsmail::report {

// 1 to 63 of A-Z, a-z, 0-9, '_', '-', '.' and '~'.
bool IsId(std::string_view text);

std::string CourseName(std::string_view id);   // "courses/cpp-101"
std::string StudentName(std::string_view id);  // "recipients/student-17"
std::string RunName(const IsoWeek& week);      // "weeklyReportRuns/2026-W47"
std::string ReportName(const IsoWeek& week, std::string_view student);  // ".../reports/student-17"

// nullopt for anything that the functions above do not give.
std::optional<std::string> ParseCourseName(std::string_view name);
std::optional<std::string> ParseStudentName(std::string_view name);
std::optional<IsoWeek> ParseRunName(std::string_view name);

struct ParsedReportName {
  IsoWeek week;
  std::string student;
};
std::optional<ParsedReportName> ParseReportName(std::string_view name);

}  // namespace lmsmail::report
