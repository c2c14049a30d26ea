#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <string_view>

#include "absl/types/span.h"

#include "services/report/domain/mailer.h"
#include "services/report/domain/weekly_report.h"

// The mail `weekly_progress`: what it says and under which keys it is handed over.
namespace lmsmail::report {

inline constexpr char kWeeklyTemplate[] = "templates/weekly_progress";

// "weekly_progress/2026-W48/student-17"
std::string WeeklyMailKey(const IsoWeek& week, std::string_view student);

// The template's variables below `report`. What is not known is left out, never empty:
// - a course without a title, an address or a number of lessons is not in the list, which has the
//   most active ten at the most; its lessons, time and quizzes still count in the sums
// - next_lesson_title: which lessons a course has is known to the LMS only
// - streak_days, unless the student studied on the last two days of the week at least
google::protobuf::Struct WeeklyMailContext(const WeeklyReport& report);

// The same with made-up values for what dispatch fills in, for a preview.
google::protobuf::Struct PreviewContext(const WeeklyReport& report);

// As many of `reports`, from the first on, as fit into one call; at least one. All are of one week.
//
// Its request id is made of the first student and a digest of all it says. So a chunk that is
// repeated after a crash, made of the same stored reports, is the same call and gets the same
// answer; and one that says it differently (after an upgrade that words it anew) is another call,
// in which each mail that was accepted before is known by its dedupe key.
Mailing MakeMailing(absl::Span<const WeeklyReport> reports);

}  // namespace lmsmail::report
