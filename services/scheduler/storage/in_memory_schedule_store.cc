#include "services/scheduler/storage/in_memory_schedule_store.h"

#include <algorithm>

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/domain/resource_names.h"

namespace lmsmail::scheduler {

absl::Status InMemoryScheduleStore::Update(const Schedule& schedule, absl::Time deadline) {
  Schedule updated = schedule;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = resources_.find(schedule.id);
    if (found != resources_.end()) updated.last_run_time = found->second.last_run_time;
  }
  return InMemoryResourceStore::Update(updated, deadline);
}

absl::Status InMemoryScheduleStore::Delete(std::string_view id,
                                           std::optional<std::int64_t> revision,
                                           absl::Time deadline) {
  LMSMAIL_RETURN_IF_ERROR(InMemoryResourceStore::Delete(id, revision, deadline));
  absl::MutexLock lock(&mutex_);
  std::erase_if(runs_, [&](const auto& entry) { return entry.first.first == id; });
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Schedule>> InMemoryScheduleStore::ListDue(absl::Time now, int limit,
                                                                     absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<Schedule> due;
  for (const auto& [id, schedule] : resources_) {
    if (!schedule.paused && schedule.next_run_time && *schedule.next_run_time <= now) {
      due.push_back(schedule);
    }
  }
  std::ranges::sort(due, {}, [](const Schedule& schedule) { return *schedule.next_run_time; });
  if (static_cast<int>(due.size()) > limit) due.resize(static_cast<std::size_t>(limit));
  return due;
}

absl::StatusOr<bool> InMemoryScheduleStore::Fire(const Schedule& seen,
                                                 const std::vector<absl::Time>& nominal_times,
                                                 std::optional<absl::Time> next_run_time,
                                                 absl::Time now, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = resources_.find(seen.id);
  if (found == resources_.end()) return false;
  Schedule& schedule = found->second;
  if (schedule.paused || schedule.revision != seen.revision ||
      schedule.next_run_time != seen.next_run_time) {
    return false;
  }
  schedule.next_run_time = next_run_time;
  for (const absl::Time nominal : nominal_times) {
    schedule.last_run_time = nominal;
    const ScheduleRun run{.schedule_id = seen.id, .id = RunId(nominal), .nominal_time = nominal};
    runs_.try_emplace({run.schedule_id, run.id}, StoredRun{run, now});
  }
  return true;
}

absl::Status InMemoryScheduleStore::AddRun(const ScheduleRun& run, const RequestRecord& request,
                                           absl::Time) {
  absl::MutexLock lock(&mutex_);
  if (!requests_.Insert(request)) return absl::AlreadyExistsError(run.id);
  runs_.try_emplace({run.schedule_id, run.id}, StoredRun{run, run.nominal_time});
  return absl::OkStatus();
}

absl::StatusOr<ScheduleRun> InMemoryScheduleStore::FindRun(std::string_view schedule_id,
                                                           std::string_view run_id, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = runs_.find({std::string(schedule_id), std::string(run_id)});
  if (found == runs_.end()) return NotFound(RunName(schedule_id, run_id));
  return found->second.run;
}

absl::StatusOr<std::vector<ScheduleRun>> InMemoryScheduleStore::ListRuns(
    std::string_view schedule_id, std::string_view before_run, int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<ScheduleRun> page;
  for (auto it = runs_.rbegin(); it != runs_.rend(); ++it) {
    const ScheduleRun& run = it->second.run;
    if (run.schedule_id != schedule_id || (!before_run.empty() && run.id >= before_run)) continue;
    if (static_cast<int>(page.size()) == limit) break;
    page.push_back(run);
  }
  return page;
}

absl::StatusOr<std::optional<ClaimedRun>> InMemoryScheduleStore::ClaimRun(absl::Time now,
                                                                          absl::Time lease_end,
                                                                          absl::Time) {
  absl::MutexLock lock(&mutex_);
  StoredRun* stored = OldestDue(now);
  if (stored == nullptr) return std::nullopt;
  ScheduleRun& run = stored->run;
  run.state = ScheduleRun::State::kRunning;
  ++run.attempts;
  if (!run.start_time) run.start_time = now;
  stored->due = lease_end;
  return ClaimedRun{resources_.at(run.schedule_id), run};
}

absl::Status InMemoryScheduleStore::SettleRun(const ScheduleRun& run, absl::Time due_time,
                                              absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = runs_.find({run.schedule_id, run.id});
  if (found == runs_.end()) return absl::OkStatus();
  StoredRun& stored = found->second;
  if (stored.run.state != ScheduleRun::State::kRunning || stored.run.attempts != run.attempts) {
    return absl::OkStatus();
  }
  stored = {run, due_time};
  return absl::OkStatus();
}

absl::StatusOr<std::optional<absl::Time>> InMemoryScheduleStore::OldestDueRun(absl::Time now,
                                                                              absl::Time) {
  absl::MutexLock lock(&mutex_);
  const StoredRun* stored = OldestDue(now);
  if (stored == nullptr) return std::nullopt;
  return stored->due;
}

absl::StatusOr<int> InMemoryScheduleStore::DeleteRunsBefore(absl::Time time, absl::Time) {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(std::erase_if(runs_, [&](const auto& entry) {
    const auto& end = entry.second.run.end_time;
    return end && *end < time;
  }));
}

InMemoryScheduleStore::StoredRun* InMemoryScheduleStore::OldestDue(absl::Time now) {
  StoredRun* oldest = nullptr;
  for (auto& [key, stored] : runs_) {
    if (!stored.is_pending() || stored.due > now) continue;
    if (oldest == nullptr || stored.due < oldest->due) oldest = &stored;
  }
  return oldest;
}

}  // namespace lmsmail::scheduler
