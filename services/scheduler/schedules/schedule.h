#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/school/school.h"

namespace lmsmail::scheduler {

struct GenerateWeeklyReports {
  bool operator==(const GenerateWeeklyReports&) const = default;
};
struct SweepQueue {
  bool operator==(const SweepQueue&) const = default;
};
struct PurgeLogs {
  absl::Duration max_age;
  bool operator==(const PurgeLogs&) const = default;
};
// std::monostate when missing. Stored in the database by index.
using Action = std::variant<std::monostate, GenerateWeeklyReports, SweepQueue, PurgeLogs>;

// What to do about missed times. Stored in the database by number.
enum class CatchUp { kSkip = 1, kLatest = 2, kAll = 3 };

inline constexpr absl::Duration kDefaultCatchUpWindow = absl::Hours(24);

// An action and the times at which it runs.
struct Schedule {
  std::string id = "";
  std::string display_name = "";
  std::string cron = "";
  std::string time_zone = "";  // empty: the school's
  // The cron expression is about the clock of each recipient, and `time_zone` is empty.
  bool local_time = false;
  CatchUp catch_up = CatchUp::kLatest;
  absl::Duration catch_up_window = kDefaultCatchUpWindow;
  Action action = {};
  bool paused = false;
  std::optional<absl::Time> next_run_time = std::nullopt;  // not set while paused
  std::optional<absl::Time> last_run_time = std::nullopt;
  absl::Time create_time = {};
  absl::Time update_time = {};
  std::int64_t revision = 1;  // incremented by every edit, not by runs
};

std::string NameOf(const Schedule& schedule);
std::string EtagOf(const Schedule& schedule);

// The zone whose clock the cron expression is about: the schedule's, or that of `school`. With
// local_time it is the first zone of the world to reach a local time, UTC+14.
absl::StatusOr<absl::TimeZone> ZoneOf(const Schedule& schedule, school::SchoolSource& school);
// The zone of schedules with local_time.
absl::TimeZone FirstZone();

// The first time after `after` at which a valid schedule runs; nullopt when there is none.
std::optional<absl::Time> NextRunTime(const Schedule& schedule, absl::TimeZone zone,
                                      absl::Time after);

// One run of a schedule.
struct ScheduleRun {
  // Stored in the database by number.
  enum class State { kPending = 1, kRunning = 2, kSucceeded = 3, kFailed = 4 };

  std::string schedule_id = "";
  std::string id = "";
  absl::Time nominal_time = {};
  State state = State::kPending;
  std::string detail = "";
  std::optional<absl::Time> start_time = std::nullopt;
  std::optional<absl::Time> end_time = std::nullopt;
  int attempts = 0;

  // Whether staff started it (RunSchedule).
  bool manual() const { return id.find(kManual) != std::string::npos; }
  static constexpr char kManual[] = "-manual-";  // within `id`
};

}  // namespace lmsmail::scheduler
