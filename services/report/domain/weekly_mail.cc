#include "services/report/domain/weekly_mail.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/time/civil_time.h"

#include "libs/hash/sha256.h"
#include "libs/protobuf/deterministic_bytes.h"

namespace lmsmail::report {
namespace {

using google::protobuf::Struct;

constexpr int kMaxCoursesInMail = 10;
// Half of gRPC's default message limit, which leaves room for keys and framing.
constexpr std::size_t kMaxContextBytes = 2 << 20;

void SetText(Struct& group, const char* key, const std::string& text) {
  (*group.mutable_fields())[key].set_string_value(text);
}

void SetNumber(Struct& group, const char* key, double number) {
  (*group.mutable_fields())[key].set_number_value(number);
}

void AddCourses(Struct& group, const std::vector<CourseProgress>& courses) {
  google::protobuf::ListValue list;
  for (const CourseProgress& course : courses) {
    if (list.values_size() == kMaxCoursesInMail) break;
    if (course.title.empty()) continue;
    Struct& item = *list.add_values()->mutable_struct_value();
    SetText(item, "title", course.title);
    if (!course.url.empty()) SetText(item, "url", course.url);
    if (course.lesson_count > 0) SetNumber(item, "progress_percent", course.ProgressPercent());
    SetNumber(item, "lessons_completed", course.lessons_completed);
  }
  if (list.values_size() == 0) return;
  *(*group.mutable_fields())["courses"].mutable_list_value() = std::move(list);
}

double WholeMinutes(absl::Duration duration) {
  return absl::ToDoubleMinutes(absl::Trunc(duration, absl::Minutes(1)));
}

void AddLate(Struct& group, const LateActivity& late) {
  if (late == LateActivity()) return;
  Struct& item = *(*group.mutable_fields())["late"].mutable_struct_value();
  SetNumber(item, "lessons_completed", late.lessons_completed);
  SetNumber(item, "minutes_watched", WholeMinutes(late.watch_duration));
  SetNumber(item, "quizzes_passed", late.quizzes_passed);
}

}  // namespace

std::string WeeklyMailDedupeKey(const IsoWeek& week, std::string_view student) {
  return fmt::format("weekly_progress/{}/{}", week.ToString(), student);
}

Struct WeeklyMailContext(const WeeklyReport& report) {
  Struct context;
  Struct& group = *(*context.mutable_fields())["report"].mutable_struct_value();
  SetText(group, "week",
          fmt::format("{}/{}", absl::FormatCivilTime(report.week.first_day()),
                      absl::FormatCivilTime(report.week.last_day())));
  SetNumber(group, "lessons_completed", report.LessonsCompleted());
  SetNumber(group, "minutes_watched", WholeMinutes(report.WatchDuration()));
  SetNumber(group, "quizzes_passed", report.QuizzesPassed());
  if (report.StreakDays() > 1) SetNumber(group, "streak_days", report.StreakDays());
  AddCourses(group, report.courses);
  AddLate(group, report.late);
  return context;
}

MailBatch MakeMailBatch(absl::Span<const WeeklyReport> reports,
                        std::optional<absl::Time> send_time) {
  const IsoWeek week = reports.front().week;
  MailBatch batch{.request_id = {}, .items = {}, .send_time = send_time};
  std::string content;
  if (send_time) content = fmt::format("{}:", absl::ToUnixSeconds(*send_time));
  for (const WeeklyReport& report : reports) {
    MailItem item{report.student, WeeklyMailContext(report),
                  WeeklyMailDedupeKey(week, report.student)};
    const std::string context = protobuf::DeterministicBytes(item.context);
    if (!batch.items.empty() && content.size() + context.size() > kMaxContextBytes) break;
    // The sizes make the concatenation unambiguous.
    content += fmt::format("{}:{}:", item.student, context.size());
    content += context;
    batch.items.push_back(std::move(item));
  }
  batch.request_id =
      fmt::format("weekly_progress/{}/chunk-{}-{:016x}", week.ToString(), reports.front().student,
                  static_cast<std::uint64_t>(hash::Digest64(content)));
  return batch;
}

}  // namespace lmsmail::report
