#include "services/scheduler/automations/automation_registry.h"

#include <fmt/format.h>

#include <utility>

#include "libs/identity/owned_key.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/automations/automation_validation.h"
#include "services/scheduler/domain/field_validation.h"
#include "services/scheduler/domain/resource_names.h"

namespace lmsmail::scheduler {
namespace {

void Merge(const Automation& edit, const std::set<std::string, std::less<>>& fields,
           Automation& automation) {
  if (fields.contains("display_name")) automation.display_name = edit.display_name;
  if (fields.contains("audience")) automation.audience = edit.audience;
  if (fields.contains("template")) automation.template_name = edit.template_name;
  if (fields.contains("delay")) automation.delay = edit.delay;
  if (fields.contains("collect_window")) automation.collect_window = edit.collect_window;
  if (fields.contains("lane")) automation.lane = edit.lane;
  if (fields.contains("enabled")) automation.enabled = edit.enabled;
  if (fields.contains("unless")) automation.unless = edit.unless;
}

}  // namespace

absl::StatusOr<Automation> AutomationRegistry::Create(Automation automation, RequestRecord request,
                                                      bool validate_only, Violations violations,
                                                      absl::Time deadline) {
  CheckNewId(automation.id, "automation_id", violations);
  CheckRequestId(identity::SplitOwnedKey(request.request_id).key, violations);
  violations.AddNested("automation", CheckAutomation(automation));
  LMSMAIL_RETURN_IF_ERROR(CheckTemplate(automation, violations));
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return CreateOnce(std::move(automation), std::move(request), validate_only, deadline);
}

absl::Status AutomationRegistry::CheckTemplate(const Automation& automation,
                                               Violations& violations) {
  if (!ParseTemplateName(automation.template_name)) return absl::OkStatus();  // already a violation
  const absl::Status known = templates_.CheckTemplate(automation.template_name);
  if (!absl::IsInvalidArgument(known)) return known;
  violations.Add(
      "automation.template",
      fmt::format("{} cannot be sent: {}", automation.template_name, std::string(known.message())));
  return absl::OkStatus();
}

absl::StatusOr<Automation> AutomationRegistry::Update(
    const Automation& edit, const std::set<std::string, std::less<>>& fields, std::string_view etag,
    const Violations& violations, absl::Time deadline) {
  auto updated =
      Modify(edit.id, etag, deadline, [&](Automation& automation) -> absl::StatusOr<bool> {
        Merge(edit, fields, automation);
        Violations all = violations;
        all.AddNested("automation", CheckAutomation(automation));
        // What else is changed needs no template.
        if (fields.contains("template") || (fields.contains("enabled") && edit.enabled)) {
          LMSMAIL_RETURN_IF_ERROR(CheckTemplate(automation, all));
        }
        LMSMAIL_RETURN_IF_ERROR(all.ToStatus());
        return true;
      });
  if (absl::IsNotFound(updated.status())) LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return updated;
}

}  // namespace lmsmail::scheduler
