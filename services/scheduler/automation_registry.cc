#include "services/scheduler/automation_registry.h"

#include <utility>

#include "libs/rpc/etag.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/field_checks.h"
#include "services/scheduler/resource_names.h"

namespace lmsmail::scheduler {
namespace {

// Of a change without an etag, when others change the same automation at the same time.
constexpr int kAttempts = 5;

void Merge(const Automation& edit, const std::set<std::string, std::less<>>& fields,
           Automation& automation) {
  if (fields.contains("display_name")) automation.display_name = edit.display_name;
  if (fields.contains("audience")) automation.audience = edit.audience;
  if (fields.contains("template")) automation.template_name = edit.template_name;
  if (fields.contains("delay")) automation.delay = edit.delay;
  if (fields.contains("collect_window")) automation.collect_window = edit.collect_window;
  if (fields.contains("lane")) automation.lane = edit.lane;
  if (fields.contains("enabled")) automation.enabled = edit.enabled;
}

}  // namespace

absl::StatusOr<Automation> AutomationRegistry::Create(Automation automation, RequestRecord request,
                                                      bool validate_only, Violations violations,
                                                      absl::Time deadline) {
  if (!IsId(automation.id)) {
    violations.Add("automation_id", "must be 1 to 63 of a-z, 0-9 and -, starting with a letter");
  }
  CheckRequestId(request.request_id, violations);
  violations.AddNested("automation", CheckAutomation(automation));
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());

  LMSMAIL_ASSIGN_OR_RETURN(const std::string before, MadeBefore(requests_, request, deadline));
  if (!before.empty()) return store_.Find(automation.id, deadline);

  automation.create_time = automation.update_time = request.time = clock_.Now();
  request.resource = AutomationName(automation.id);
  if (validate_only) {
    const auto existing = store_.Find(automation.id, deadline);
    if (absl::IsNotFound(existing.status())) return automation;
    LMSMAIL_RETURN_IF_ERROR(existing.status());
    return AlreadyExists(request.resource, "choose another id, or update it");
  }
  const absl::Status stored = store_.Create(automation, request, deadline);
  if (stored.ok()) return automation;
  if (!absl::IsAlreadyExists(stored)) return stored;
  // The id, or by a call at the same moment, the request id.
  LMSMAIL_ASSIGN_OR_RETURN(const std::string meanwhile, MadeBefore(requests_, request, deadline));
  if (!meanwhile.empty()) return store_.Find(automation.id, deadline);
  return AlreadyExists(request.resource, "choose another id, or update it");
}

absl::StatusOr<Automation> AutomationRegistry::Update(
    const Automation& edit, const std::set<std::string, std::less<>>& fields, std::string_view etag,
    Violations violations, absl::Time deadline) {
  for (int attempt = 1;; ++attempt) {
    auto found = store_.Find(edit.id, deadline);
    if (absl::IsNotFound(found.status())) LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
    LMSMAIL_RETURN_IF_ERROR(found.status());
    Automation automation = *std::move(found);
    Violations all = violations;
    Merge(edit, fields, automation);
    all.AddNested("automation", CheckAutomation(automation));
    LMSMAIL_RETURN_IF_ERROR(all.ToStatus());
    LMSMAIL_RETURN_IF_ERROR(
        rpc::CheckEtag(etag, EtagOf(automation), AutomationName(automation.id)));

    automation.update_time = clock_.Now();
    ++automation.revision;
    const absl::Status stored = store_.Update(automation, deadline);
    if (stored.ok()) return automation;
    if (!absl::IsAborted(stored) || !etag.empty() || attempt == kAttempts) return stored;
  }
}

absl::Status AutomationRegistry::Delete(std::string_view id, std::string_view etag,
                                        absl::Time deadline) {
  if (etag.empty()) return store_.Delete(id, std::nullopt, deadline);
  LMSMAIL_ASSIGN_OR_RETURN(const Automation automation, store_.Find(id, deadline));
  LMSMAIL_RETURN_IF_ERROR(rpc::CheckEtag(etag, EtagOf(automation), AutomationName(id)));
  return store_.Delete(id, automation.revision, deadline);
}

}  // namespace lmsmail::scheduler
