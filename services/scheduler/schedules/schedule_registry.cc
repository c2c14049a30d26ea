#include "services/scheduler/schedules/schedule_registry.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "libs/cron/expression.h"
#include "libs/cron/occurrence.h"
#include "libs/hash/sha256.h"
#include "libs/identity/owned_key.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/domain/field_validation.h"
#include "services/scheduler/domain/resource_names.h"
#include "services/scheduler/schedules/schedule_validation.h"

namespace lmsmail::scheduler {
namespace {

constexpr absl::Duration kPreviewSpan = absl::Hours(24 * 366 * 8);
constexpr std::size_t kHashDigits = 16;

void Merge(const Schedule& edit, const std::set<std::string, std::less<>>& fields,
           Schedule& schedule) {
  if (fields.contains("display_name")) schedule.display_name = edit.display_name;
  if (fields.contains("cron")) schedule.cron = edit.cron;
  if (fields.contains("time_zone")) schedule.time_zone = edit.time_zone;
  if (fields.contains("local_time")) schedule.local_time = edit.local_time;
  if (fields.contains("catch_up")) schedule.catch_up = edit.catch_up;
  if (fields.contains("catch_up_window")) schedule.catch_up_window = edit.catch_up_window;
  if (fields.contains("action")) schedule.action = edit.action;
}

absl::Status CheckPreview(const PreviewQuery& query) {
  if (query.schedule_id.empty() == query.cron.empty()) {
    return InvalidField("cron", "either name or cron is required, not both");
  }
  if (query.cron.empty()) return absl::OkStatus();
  return CheckSchedule({.cron = query.cron, .time_zone = query.time_zone, .action = SweepQueue{}})
      .ToStatus();
}

}  // namespace

absl::StatusOr<Schedule> ScheduleRegistry::Create(Schedule schedule, RequestRecord request,
                                                  bool validate_only, Violations violations,
                                                  absl::Time deadline) {
  CheckNewId(schedule.id, "schedule_id", violations);
  CheckRequestId(identity::SplitOwnedKey(request.request_id).key, violations);
  violations.AddNested("schedule", CheckSchedule(schedule));
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  schedule.next_run_time = NextRun(schedule);
  return CreateOnce(std::move(schedule), std::move(request), validate_only, deadline);
}

absl::StatusOr<Schedule> ScheduleRegistry::Update(const Schedule& edit,
                                                  const std::set<std::string, std::less<>>& fields,
                                                  std::string_view etag,
                                                  const Violations& violations,
                                                  absl::Time deadline) {
  auto updated = Modify(edit.id, etag, deadline, [&](Schedule& schedule) -> absl::StatusOr<bool> {
    Merge(edit, fields, schedule);
    Violations all = violations;
    all.AddNested("schedule", CheckSchedule(schedule));
    LMSMAIL_RETURN_IF_ERROR(all.ToStatus());
    if (!schedule.paused) schedule.next_run_time = NextRun(schedule);
    return true;
  });
  if (absl::IsNotFound(updated.status())) LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return updated;
}

absl::StatusOr<Schedule> ScheduleRegistry::SetPaused(std::string_view id, bool paused,
                                                     absl::Time deadline) {
  return Modify(id, "", deadline, [&](Schedule& schedule) -> absl::StatusOr<bool> {
    if (schedule.paused == paused) return false;
    schedule.paused = paused;
    schedule.next_run_time = paused ? std::nullopt : NextRun(schedule);
    return true;
  });
}

absl::StatusOr<ScheduleRun> ScheduleRegistry::Run(std::string_view id, RequestRecord request,
                                                  absl::Time deadline) {
  Violations violations;
  CheckRequestId(identity::SplitOwnedKey(request.request_id).key, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const std::string created,
                           FindCreatedResource(requests(), request, deadline));
  if (!created.empty()) return FindRunByName(created, deadline);
  LMSMAIL_RETURN_IF_ERROR(store_.Find(id, deadline).status());

  const absl::Time now = clock().Now();
  ScheduleRun run{.schedule_id = std::string(id), .id = "", .nominal_time = now};
  run.id = fmt::format("{}{}{}", RunId(now), ScheduleRun::kManual,
                       hash::Sha256Hex(request.request_id).substr(0, kHashDigits));
  request.resource = RunName(run.schedule_id, run.id);
  request.time = now;
  const absl::Status stored = store_.AddRun(run, request, deadline);
  if (stored.ok()) return run;
  if (!absl::IsAlreadyExists(stored)) return stored;
  // A concurrent call used the request id.
  LMSMAIL_ASSIGN_OR_RETURN(const std::string meanwhile,
                           FindCreatedResource(requests(), request, deadline));
  return FindRunByName(meanwhile, deadline);
}

absl::StatusOr<ScheduleRun> ScheduleRegistry::FindRunByName(std::string_view name,
                                                            absl::Time deadline) {
  // schedules/{schedule}/runs/{run}
  const std::size_t schedule = name.find('/') + 1;
  const std::size_t slash = name.find('/', schedule);
  return store_.FindRun(name.substr(schedule, slash - schedule), name.substr(name.rfind('/') + 1),
                        deadline);
}

absl::StatusOr<std::vector<ScheduleRun>> ScheduleRegistry::ListRuns(std::string_view id,
                                                                    std::string_view before_run,
                                                                    int limit,
                                                                    absl::Time deadline) {
  LMSMAIL_RETURN_IF_ERROR(store_.Find(id, deadline).status());
  return store_.ListRuns(id, before_run, limit, deadline);
}

absl::StatusOr<std::vector<absl::Time>> ScheduleRegistry::Preview(const PreviewQuery& query,
                                                                  absl::Time deadline) {
  LMSMAIL_RETURN_IF_ERROR(CheckPreview(query));
  Schedule schedule{.cron = query.cron, .time_zone = query.time_zone};
  if (!query.schedule_id.empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(schedule, store_.Find(query.schedule_id, deadline));
  }
  LMSMAIL_ASSIGN_OR_RETURN(const cron::Expression expression, cron::Parse(schedule.cron));
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(schedule, school_));
  return cron::Between(expression, zone, query.after, query.after + kPreviewSpan,
                       static_cast<std::size_t>(query.count));
}

std::optional<absl::Time> ScheduleRegistry::NextRun(const Schedule& schedule) {
  const auto zone = ZoneOf(schedule, school_);
  if (!zone.ok()) return std::nullopt;
  return NextRunTime(schedule, *zone, clock().Now());
}

}  // namespace lmsmail::scheduler
