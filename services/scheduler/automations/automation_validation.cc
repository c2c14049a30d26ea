#include "services/scheduler/automations/automation_validation.h"

#include "services/scheduler/domain/field_validation.h"
#include "services/scheduler/domain/resource_names.h"

namespace lmsmail::scheduler {
namespace {

constexpr absl::Duration kMaxDelay = absl::Hours(24 * 30);
constexpr absl::Duration kMaxWindow = absl::Hours(24 * 7);

bool IsWithin(absl::Duration value, absl::Duration max) {
  return value >= absl::ZeroDuration() && value <= max;
}

// New content concerns a course; every other event concerns one student and nobody else.
void CheckAudience(const Automation& automation, Violations& violations) {
  const bool concerns_course = automation.event_type == EventType::kContentPublished;
  if (automation.audience == Audience::kUnspecified) {
    violations.Add("audience", "is required");
  } else if (automation.event_type == EventType::kUnspecified) {
    return;
  } else if (concerns_course && automation.audience != Audience::kEnrolled) {
    violations.Add("audience", "must be AUDIENCE_ENROLLED: new content concerns no single student");
  } else if (!concerns_course && automation.audience != Audience::kStudent) {
    violations.Add("audience",
                   "must be AUDIENCE_STUDENT: the event concerns one student and nobody else");
  }
}

}  // namespace

Violations CheckAutomation(const Automation& automation) {
  Violations violations;
  CheckDisplayName(automation.display_name, "display_name", violations);
  if (automation.event_type == EventType::kUnspecified) {
    violations.Add("event_type", "is required");
  } else if (!CanTriggerMail(automation.event_type)) {
    violations.Add("event_type", "must be a type of event that mail can be sent for");
  }
  CheckAudience(automation, violations);
  if (!ParseTemplateName(automation.template_name)) {
    violations.Add("template", "must be templates/{template}, such as templates/enrollment");
  }
  if (!IsWithin(automation.delay, kMaxDelay)) {
    violations.Add("delay", "must be from 0 to 30 days (2592000s)");
  }
  if (!IsWithin(automation.collect_window, kMaxWindow)) {
    violations.Add("collect_window", "must be from 0 to 7 days (604800s)");
  } else if (automation.collect_window > absl::ZeroDuration() &&
             automation.event_type != EventType::kContentPublished) {
    violations.Add("collect_window", "is allowed only for EVENT_TYPE_CONTENT_PUBLISHED");
  }
  if (!automation.unless.empty() && automation.audience == Audience::kEnrolled) {
    violations.Add("unless", "is allowed only for AUDIENCE_STUDENT: it is about one student");
  }
  return violations;
}

}  // namespace lmsmail::scheduler
