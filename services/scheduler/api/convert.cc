#include "services/scheduler/api/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/hash/sha256.h"
#include "libs/identity/owned_key.h"
#include "libs/protobuf/deterministic_bytes.h"
#include "libs/protobuf/time.h"
#include "services/scheduler/domain/resource_names.h"

namespace lmsmail::scheduler {
namespace {

absl::Duration Seconds(const google::protobuf::Duration& duration, std::string_view field,
                       Violations& violations) {
  return absl::Trunc(protobuf::FromProto(duration, field, violations), absl::Seconds(1));
}

Action FromProto(const v1::Action& message, Violations& violations) {
  switch (message.action_case()) {
    case v1::Action::kGenerateWeeklyReports:
      return GenerateWeeklyReports{};
    case v1::Action::kSweepQueue:
      return SweepQueue{};
    case v1::Action::kPurgeLogs:
      return PurgeLogs{Seconds(message.purge_logs().max_age(), "schedule.action.purge_logs.max_age",
                               violations)};
    case v1::Action::ACTION_NOT_SET:
      break;
  }
  return std::monostate{};
}

void ToProto(const Action& action, v1::Action& message) {
  if (std::holds_alternative<GenerateWeeklyReports>(action)) {
    message.mutable_generate_weekly_reports();
  } else if (std::holds_alternative<SweepQueue>(action)) {
    message.mutable_sweep_queue();
  } else if (const auto* purge = std::get_if<PurgeLogs>(&action)) {
    *message.mutable_purge_logs()->mutable_max_age() = protobuf::ToProto(purge->max_age);
  }
}

// Adds a violation for a value that this version does not know.
template <typename Enum>
void CheckKnown(Enum value, bool known, std::string field, Violations& violations) {
  if (!known) {
    violations.Add(std::move(field), fmt::format("has no value {}", static_cast<int>(value)));
  }
}

v1::EventRecord::State StateOf(const std::vector<StoredEvent::TaskOutcome>& tasks) {
  const auto any = [&](TaskState state) {
    return std::ranges::any_of(tasks, [&](const auto& task) { return task.state == state; });
  };
  if (any(TaskState::kPending)) return v1::EventRecord::STATE_PENDING;
  return any(TaskState::kFailed) ? v1::EventRecord::STATE_FAILED : v1::EventRecord::STATE_DONE;
}

}  // namespace

Schedule FromProto(const v1::Schedule& message, Violations& violations) {
  Schedule schedule{.display_name = message.display_name(), .cron = message.cron()};
  if (!message.time_zone().empty()) schedule.time_zone = message.time_zone();
  CheckKnown(message.catch_up(), v1::Schedule::CatchUp_IsValid(message.catch_up()),
             "schedule.catch_up", violations);
  if (message.catch_up() != v1::Schedule::CATCH_UP_UNSPECIFIED) {
    schedule.catch_up = static_cast<CatchUp>(message.catch_up());
  }
  if (message.has_catch_up_window()) {
    schedule.catch_up_window =
        Seconds(message.catch_up_window(), "schedule.catch_up_window", violations);
  }
  schedule.action = FromProto(message.action(), violations);
  return schedule;
}

Automation FromProto(const v1::Automation& message, Violations& violations) {
  CheckKnown(message.event_type(), v1::Automation::EventType_IsValid(message.event_type()),
             "automation.event_type", violations);
  CheckKnown(message.audience(), v1::Automation::Audience_IsValid(message.audience()),
             "automation.audience", violations);
  CheckKnown(message.lane(), lmsmail::type::v1::Lane_IsValid(message.lane()), "automation.lane",
             violations);
  return {
      .display_name = message.display_name(),
      .event_type = static_cast<EventType>(message.event_type()),
      .audience = static_cast<Audience>(message.audience()),
      .template_name = message.template_(),
      .delay = Seconds(message.delay(), "automation.delay", violations),
      .collect_window = Seconds(message.collect_window(), "automation.collect_window", violations),
      .lane = message.lane(),
      .enabled = message.enabled()};
}

void ToProto(const Schedule& schedule, v1::Schedule& message) {
  message.set_name(ScheduleName(schedule.id));
  message.set_display_name(schedule.display_name);
  message.set_cron(schedule.cron);
  message.set_time_zone(schedule.time_zone);
  message.set_catch_up(static_cast<v1::Schedule::CatchUp>(schedule.catch_up));
  *message.mutable_catch_up_window() = protobuf::ToProto(schedule.catch_up_window);
  ToProto(schedule.action, *message.mutable_action());
  message.set_state(schedule.paused ? v1::Schedule::STATE_PAUSED : v1::Schedule::STATE_ACTIVE);
  if (schedule.next_run_time) {
    *message.mutable_next_run_time() = protobuf::ToProto(*schedule.next_run_time);
  }
  if (schedule.last_run_time) {
    *message.mutable_last_run_time() = protobuf::ToProto(*schedule.last_run_time);
  }
  *message.mutable_create_time() = protobuf::ToProto(schedule.create_time);
  *message.mutable_update_time() = protobuf::ToProto(schedule.update_time);
  message.set_etag(EtagOf(schedule));
}

void ToProto(const ScheduleRun& run, v1::ScheduleRun& message) {
  message.set_name(RunName(run.schedule_id, run.id));
  *message.mutable_nominal_time() = protobuf::ToProto(run.nominal_time);
  message.set_state(static_cast<v1::ScheduleRun::State>(run.state));
  message.set_detail(run.detail);
  if (run.start_time) *message.mutable_start_time() = protobuf::ToProto(*run.start_time);
  if (run.end_time) *message.mutable_end_time() = protobuf::ToProto(*run.end_time);
  message.set_attempt_count(run.attempts);
}

void ToProto(const Automation& automation, v1::Automation& message) {
  message.set_name(AutomationName(automation.id));
  message.set_display_name(automation.display_name);
  message.set_event_type(static_cast<v1::Automation::EventType>(automation.event_type));
  message.set_audience(static_cast<v1::Automation::Audience>(automation.audience));
  message.set_template_(automation.template_name);
  if (automation.delay > absl::ZeroDuration()) {
    *message.mutable_delay() = protobuf::ToProto(automation.delay);
  }
  if (automation.collect_window > absl::ZeroDuration()) {
    *message.mutable_collect_window() = protobuf::ToProto(automation.collect_window);
  }
  message.set_lane(automation.lane);
  message.set_enabled(automation.enabled);
  *message.mutable_create_time() = protobuf::ToProto(automation.create_time);
  *message.mutable_update_time() = protobuf::ToProto(automation.update_time);
  message.set_etag(EtagOf(automation));
}

void ToProto(const StoredEvent& event, v1::EventRecord& message) {
  *message.mutable_event() = event.event;
  const identity::OwnedKey id = identity::SplitOwnedKey(event.event.event_id());
  message.set_publisher(std::string(id.owner));
  message.mutable_event()->set_event_id(std::string(id.key));
  *message.mutable_create_time() = protobuf::ToProto(event.create_time);
  message.set_state(StateOf(event.tasks));
  message.set_content_dropped(event.content_dropped);
  std::vector<std::string_view> details;
  for (const auto& task : event.tasks) {
    if (!task.detail.empty()) details.push_back(task.detail);
  }
  message.set_detail(
      event.tasks.empty()
          ? "no effect: no enabled automation is for this event, and there is nothing to record"
          : fmt::format("{}", fmt::join(details, "; ")));
}

RequestRecord RecordOf(const rpc::CallInfo& call, std::string method, const std::string& request_id,
                       const google::protobuf::Message& body) {
  return {.method = std::move(method),
          .request_id = identity::MakeOwnedKey(call.caller.name, request_id),
          .digest = hash::Digest64(protobuf::DeterministicBytes(body)),
          .resource = "",
          .time = absl::InfinitePast()};
}

}  // namespace lmsmail::scheduler
