#include "services/preference/domain/school_registry.h"

#include <fmt/format.h>

#include "absl/time/clock.h"

#include "libs/etag/etag.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"
#include "services/preference/domain/school_validation.h"

namespace lmsmail::preference {
namespace {

constexpr absl::Duration kReadTimeout = absl::Seconds(5);
// How often a change without an etag is computed again after concurrent changes.
constexpr int kMaxAttempts = 5;

void Merge(const school::School& edit, const std::set<std::string, std::less<>>& fields,
           school::School& school) {
  if (fields.contains("display_name")) school.display_name = edit.display_name;
  if (fields.contains("url")) school.url = edit.url;
  if (fields.contains("postal_address")) school.postal_address = edit.postal_address;
  if (fields.contains("language_code")) school.language_code = edit.language_code;
  if (fields.contains("time_zone")) school.time_zone = edit.time_zone;
  if (fields.contains("logo_url")) school.logo_url = edit.logo_url;
  if (fields.contains("color")) school.color = edit.color;
  if (fields.contains("reply_to")) school.reply_to = edit.reply_to;
  if (fields.contains("support_address")) school.support_address = edit.support_address;
  if (fields.contains("reports_after_leaving")) {
    school.reports_after_leaving = edit.reports_after_leaving;
  }
}

}  // namespace

std::string EtagOf(const school::School& school) {
  return etag::Make(fmt::format("school/{}", school.revision));
}

absl::StatusOr<school::School> SchoolRegistry::Stored::Get() {
  return store_.Get(absl::Now() + kReadTimeout);
}

absl::Status SchoolRegistry::Initialize(school::School first, absl::Time deadline) {
  first.update_time = clock_.Now();
  LMSMAIL_ASSIGN_OR_RETURN(const school::School stored, store_.Initialize(first, deadline));
  if (stored.time_zone != first.time_zone || stored.display_name != first.display_name ||
      stored.language_code != first.language_code) {
    telemetry::LogInfo("the stored school counts, not the keys school.*; UpdateSchool changes it",
                       {{"time_zone", stored.time_zone},
                        {"language", stored.language_code},
                        {"name", stored.display_name}});
  }
  return absl::OkStatus();
}

absl::StatusOr<school::School> SchoolRegistry::Update(
    const school::School& edit, const std::set<std::string, std::less<>>& fields,
    std::string_view etag, const Violations& violations, absl::Time deadline) {
  for (int attempt = 1;; ++attempt) {
    LMSMAIL_ASSIGN_OR_RETURN(school::School school, store_.Get(deadline));
    const school::School before = school;
    Merge(edit, fields, school);
    Violations all = violations;
    // The first values come from the configuration, which allows more. What is not changed may
    // stay.
    const Violations wrong = CheckSchool(school);
    Violations changed;
    for (const FieldViolation& violation : wrong.list()) {
      if (fields.contains(violation.field)) changed.Add(violation.field, violation.description);
    }
    all.AddNested("school", changed);
    LMSMAIL_RETURN_IF_ERROR(all.ToStatus());
    LMSMAIL_RETURN_IF_ERROR(etag::Check(etag, EtagOf(before), "school"));
    if (school == before) return school;
    school.update_time = clock_.Now();
    ++school.revision;
    const absl::Status updated = store_.Update(school, deadline);
    if (updated.ok()) {
      cached_.Set(school);
      return school;
    }
    if (!absl::IsAborted(updated) || !etag.empty() || attempt == kMaxAttempts) return updated;
  }
}

}  // namespace lmsmail::preference
