#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

#include "libs/status/error_details.h"
#include "lmsmail/type/v1/mail.pb.h"

namespace lmsmail::scheduler {

// The numbers are those of the protocol; the database holds them.
enum class EventType {
  kUnspecified = 0,
  kStudentEnrolled = 1,
  kDemoClassAttended = 2,
  kPaymentSucceeded = 3,
  kContentPublished = 4,
  kStudentUnenrolled = 5,
  kLessonCompleted = 6,
};
enum class Audience { kUnspecified = 0, kStudent = 1, kEnrolled = 2 };

// What an event causes: type of event -> audience -> template.
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
  absl::Time create_time = {};
  absl::Time update_time = {};
  std::int64_t revision = 1;
};

std::string EtagOf(const Automation& automation);

// All faults, with fields relative to the automation.
Violations CheckAutomation(const Automation& automation);

}  // namespace lmsmail::scheduler
