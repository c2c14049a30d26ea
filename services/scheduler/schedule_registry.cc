#include "services/scheduler/schedule_registry.h"

#include <fmt/format.h>

#include <utility>

#include "libs/cron/expression.h"
#include "libs/cron/occurrence.h"
#include "libs/cron/zone.h"
#include "libs/rpc/etag.h"
#include "libs/status/status_macros.h"
#include "libs/token/hash.h"
#include "services/scheduler/field_checks.h"
#include "services/scheduler/resource_names.h"

namespace lmsmail::scheduler {
namespace {

// Of a change without an etag, when others change the same schedule at the same time.
constexpr int kAttempts = 5;
constexpr absl::Duration kPreviewSpan = absl::Hours(24 * 366 * 8);
constexpr std::size_t kHashDigits = 16;

void Merge(const Schedule& edit, const FieldNames& fields, Schedule& schedule) {
  if (fields.contains("display_name")) schedule.display_name = edit.display_name;
  if (fields.contains("cron")) schedule.cron = edit.cron;
  if (fields.contains("time_zone")) schedule.time_zone = edit.time_zone;
  if (fields.contains("catch_up")) schedule.catch_up = edit.catch_up;
  if (fields.contains("catch_up_window")) schedule.catch_up_window = edit.catch_up_window;
  if (fields.contains("action")) schedule.action = edit.action;
}

absl::Status CheckPreview(const PreviewQuery& query) {
  Violations violations;
  if (query.schedule_id.empty() == query.cron.empty()) {
    violations.Add("cron", "either name or cron is required, not both");
  } else if (!query.cron.empty()) {
    Schedule schedule{.cron = query.cron, .time_zone = query.time_zone, .action = SweepQueue{}};
    return CheckSchedule(schedule).ToStatus();
  }
  return violations.ToStatus();
}

}  // namespace

absl::StatusOr<Schedule> ScheduleRegistry::Create(Schedule schedule, RequestRecord request,
                                                  bool validate_only, Violations violations,
                                                  absl::Time deadline) {
  if (!IsId(schedule.id)) {
    violations.Add("schedule_id", "must be 1 to 63 of a-z, 0-9 and -, starting with a letter");
  }
  CheckRequestId(request.request_id, violations);
  violations.AddNested("schedule", CheckSchedule(schedule));
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());

  LMSMAIL_ASSIGN_OR_RETURN(const std::string before, MadeBefore(requests_, request, deadline));
  if (!before.empty()) return store_.Find(schedule.id, deadline);

  const absl::Time now = clock_.Now();
  schedule.create_time = schedule.update_time = request.time = now;
  schedule.next_run_time = NextRunTime(schedule, now);
  request.resource = ScheduleName(schedule.id);
  if (validate_only) {
    const auto existing = store_.Find(schedule.id, deadline);
    if (absl::IsNotFound(existing.status())) return schedule;
    LMSMAIL_RETURN_IF_ERROR(existing.status());
    return AlreadyExists(request.resource, "choose another id, or update it");
  }
  const absl::Status stored = store_.Create(schedule, request, deadline);
  if (stored.ok()) return schedule;
  if (!absl::IsAlreadyExists(stored)) return stored;
  // The id, or by a call at the same moment, the request id.
  LMSMAIL_ASSIGN_OR_RETURN(const std::string meanwhile, MadeBefore(requests_, request, deadline));
  if (!meanwhile.empty()) return store_.Find(schedule.id, deadline);
  return AlreadyExists(request.resource, "choose another id, or update it");
}

absl::StatusOr<Schedule> ScheduleRegistry::Update(const Schedule& edit, const FieldNames& fields,
                                                  std::string_view etag, Violations violations,
                                                  absl::Time deadline) {
  for (int attempt = 1;; ++attempt) {
    auto found = store_.Find(edit.id, deadline);
    if (absl::IsNotFound(found.status())) LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
    LMSMAIL_RETURN_IF_ERROR(found.status());
    Schedule schedule = *std::move(found);
    Violations all = violations;
    Merge(edit, fields, schedule);
    all.AddNested("schedule", CheckSchedule(schedule));
    LMSMAIL_RETURN_IF_ERROR(all.ToStatus());
    LMSMAIL_RETURN_IF_ERROR(rpc::CheckEtag(etag, EtagOf(schedule), ScheduleName(schedule.id)));

    const absl::Time now = clock_.Now();
    schedule.update_time = now;
    if (!schedule.paused) schedule.next_run_time = NextRunTime(schedule, now);
    ++schedule.revision;
    const absl::Status stored = store_.Update(schedule, deadline);
    if (stored.ok()) return schedule;
    if (!absl::IsAborted(stored) || !etag.empty() || attempt == kAttempts) return stored;
  }
}

absl::Status ScheduleRegistry::Delete(std::string_view id, std::string_view etag,
                                      absl::Time deadline) {
  if (etag.empty()) return store_.Delete(id, std::nullopt, deadline);
  LMSMAIL_ASSIGN_OR_RETURN(const Schedule schedule, store_.Find(id, deadline));
  LMSMAIL_RETURN_IF_ERROR(rpc::CheckEtag(etag, EtagOf(schedule), ScheduleName(id)));
  return store_.Delete(id, schedule.revision, deadline);
}

absl::StatusOr<Schedule> ScheduleRegistry::Pause(std::string_view id, absl::Time deadline) {
  return SetPaused(id, true, deadline);
}

absl::StatusOr<Schedule> ScheduleRegistry::Resume(std::string_view id, absl::Time deadline) {
  return SetPaused(id, false, deadline);
}

absl::StatusOr<Schedule> ScheduleRegistry::SetPaused(std::string_view id, bool paused,
                                                     absl::Time deadline) {
  for (int attempt = 1;; ++attempt) {
    LMSMAIL_ASSIGN_OR_RETURN(Schedule schedule, store_.Find(id, deadline));
    if (schedule.paused == paused) return schedule;
    const absl::Time now = clock_.Now();
    schedule.paused = paused;
    schedule.next_run_time = paused ? std::nullopt : NextRunTime(schedule, now);
    schedule.update_time = now;
    ++schedule.revision;
    const absl::Status stored = store_.Update(schedule, deadline);
    if (stored.ok()) return schedule;
    if (!absl::IsAborted(stored) || attempt == kAttempts) return stored;
  }
}

absl::StatusOr<ScheduleRun> ScheduleRegistry::Run(std::string_view id, RequestRecord request,
                                                  absl::Time deadline) {
  Violations violations;
  CheckRequestId(request.request_id, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const std::string before, MadeBefore(requests_, request, deadline));
  if (!before.empty()) return RunMadeBefore(before, deadline);
  LMSMAIL_RETURN_IF_ERROR(store_.Find(id, deadline).status());

  const absl::Time now = clock_.Now();
  ScheduleRun run{.schedule_id = std::string(id), .id = "", .nominal_time = now};
  run.id = fmt::format("{}-manual-{}", RunId(now),
                       token::Sha256Hex(request.request_id).substr(0, kHashDigits));
  request.resource = RunName(run.schedule_id, run.id);
  request.time = now;
  const absl::Status stored = store_.AddRun(run, request, deadline);
  if (stored.ok()) return run;
  if (!absl::IsAlreadyExists(stored)) return stored;
  LMSMAIL_ASSIGN_OR_RETURN(const std::string meanwhile, MadeBefore(requests_, request, deadline));
  return RunMadeBefore(meanwhile, deadline);
}

absl::StatusOr<ScheduleRun> ScheduleRegistry::RunMadeBefore(const std::string& name,
                                                            absl::Time deadline) {
  // schedules/{schedule}/runs/{run}
  const std::string_view view = name;
  const std::size_t schedule = view.find('/') + 1;
  const std::size_t slash = view.find('/', schedule);
  return store_.FindRun(view.substr(schedule, slash - schedule), view.substr(view.rfind('/') + 1),
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
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone, cron::LoadZone(schedule.time_zone));
  return cron::Between(expression, zone, query.after, query.after + kPreviewSpan,
                       static_cast<std::size_t>(query.count));
}

absl::Status ScheduleRegistry::StartShipped(const std::string& time_zone, absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<Schedule> unstarted, store_.ListUnstarted(deadline));
  for (Schedule& schedule : unstarted) {
    schedule.time_zone = time_zone;
    if (!schedule.paused) schedule.next_run_time = NextRunTime(schedule, clock_.Now());
    LMSMAIL_RETURN_IF_ERROR(store_.Start(schedule, deadline));
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
