#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

#include "libs/status/error_details.h"
#include "lmsmail/report/v1/report_service.pb.h"
#include "services/report/activity.h"
#include "services/report/course.h"
#include "services/report/weekly_report.h"
#include "services/report/weekly_report_run.h"

// Between the protocol's messages and the domain's types. What comes from a caller is checked here
// too; faults are added to `violations` under the field's path, and the value is then of no use.
namespace lmsmail::report {

v1::Course ToProto(const Course& course);
v1::Enrollment ToProto(const Enrollment& enrollment);
v1::WeeklyReportRun ToProto(const WeeklyReportRun& run);
v1::WeeklyReport ToProto(const WeeklyReport& report);

std::vector<Course> CoursesFromProto(const v1::UpsertCoursesRequest& request,
                                     Violations& violations);
// Facts without a time happened `now`.
std::vector<Activity> ActivitiesFromProto(const v1::RecordActivityRequest& request, absl::Time now,
                                          Violations& violations);

// The id in a name of a request's `field`.
std::string CourseIdFromProto(std::string_view name, std::string_view field,
                              Violations& violations);
std::string StudentIdFromProto(std::string_view name, std::string_view field,
                               Violations& violations);
IsoWeek RunFromProto(std::string_view name, std::string_view field, Violations& violations);
// nullopt when empty.
std::optional<IsoWeek> WeekFromProto(std::string_view week, Violations& violations);

}  // namespace lmsmail::report
