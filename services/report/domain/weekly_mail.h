#pragma once

#include <google/protobuf/struct.pb.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/types/span.h"

#include "services/report/domain/mailer.h"
#include "services/report/domain/weekly_report.h"

// The content and the keys of the `weekly_progress` mail.
namespace lmsmail::report {

inline constexpr char kWeeklyTemplate[] = "templates/weekly_progress";

// "weekly_progress/2026-W48/student-17"
std::string WeeklyMailDedupeKey(const IsoWeek& week, std::string_view student);

// Returns the template variables below `report`. Unknown values are omitted, never empty:
// - `courses` lists the ten most active courses that have a title. `url` and `progress_percent` are
//   omitted where the LMS did not tell them. Other courses still count in the sums.
// - `late` is set when there was late activity.
// - `next_lesson_title` is never set: only the LMS knows the lessons of a course.
// - `streak_days` is set when the student was active on at least the last two days of the week.
google::protobuf::Struct WeeklyMailContext(const WeeklyReport& report);

// Returns a batch of the first `reports` whose contexts fit into one call, and of at least one. All
// reports must be of the same week; their mail goes out at `send_time`, or now.
//
// The request id contains the first student and a digest of the content. A batch that is repeated
// after a crash is made of the same stored reports, so it is the same call and gets the same
// results. A batch with other content, for example after an upgrade, is a new call, in which the
// dedupe keys identify mail that was accepted before.
MailBatch MakeMailBatch(absl::Span<const WeeklyReport> reports,
                        std::optional<absl::Time> send_time = std::nullopt);

}  // namespace lmsmail::report
