#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

#include "libs/status/error_details.h"
#include "lmsmail/report/v1/report_service.pb.h"
#include "services/report/domain/activity.h"
#include "services/report/domain/course.h"
#include "services/report/domain/mail_stats.h"
#include "services/report/domain/weekly_report.h"
#include "services/report/domain/weekly_report_run.h"

// Conversion between the API's messages and the domain's types. Conversion from a request also
// validates it: violations are added under the field's path, and the result is then meaningless.
namespace lmsmail::report {

v1::Course ToProto(const Course& course);
v1::Enrollment ToProto(const Enrollment& enrollment);
v1::Enrollment ToProto(std::string_view student, std::string_view course,
                       const Participation& participation);
v1::WeeklyReportRun ToProto(const WeeklyReportRun& run);
v1::WeeklyReport ToProto(const WeeklyReport& report);
dispatch::v1::MailStats ToProto(const MailStats& stats);

// The fields of violations in items of a list are relative to the item.
Course FromProto(const v1::Course& proto, Violations& violations);
// A fact without times was so, and was told, `now`.
CourseFact FromProto(const v1::CourseFact& proto, absl::Time now, Violations& violations);
// An activity without a time happened `now`.
Activity FromProto(const v1::Activity& proto, absl::Time now, Violations& violations);

// The `...FromProto` functions below parse the value of a request's `field`.
std::string CourseIdFromProto(std::string_view name, std::string_view field,
                              Violations& violations);
std::string StudentIdFromProto(std::string_view name, std::string_view field,
                               Violations& violations);
IsoWeek RunFromProto(std::string_view name, std::string_view field, Violations& violations);
// Returns nullopt for an empty `week`.
std::optional<IsoWeek> WeekFromProto(std::string_view week, Violations& violations);

MailStatsQuery MailStatsQueryFromProto(const v1::GetMailStatsRequest& request,
                                       Violations& violations);

}  // namespace lmsmail::report
