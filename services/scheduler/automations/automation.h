#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

#include "lmsmail/type/v1/mail.pb.h"
#include "services/scheduler/domain/event.h"
#include "services/scheduler/domain/task.h"

namespace lmsmail::scheduler {

// A rule: events of this type send this template to this audience.
struct Automation {
  std::string id = "";
  std::string display_name = "";
  EventType event_type = EventType::kUnspecified;
  Audience audience = Audience::kUnspecified;
  std::string template_name = "";
  absl::Duration delay = {};
  absl::Duration collect_window = {};  // zero: each event is a mail of its own
  lmsmail::type::v1::Lane lane = lmsmail::type::v1::LANE_UNSPECIFIED;
  bool enabled = false;
  Conditions unless = {};
  absl::Time create_time = {};
  absl::Time update_time = {};
  std::int64_t revision = 1;
};

std::string NameOf(const Automation& automation);
std::string EtagOf(const Automation& automation);

}  // namespace lmsmail::scheduler
