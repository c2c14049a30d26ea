#include "services/preference/config.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "libs/strings/view.h"
#include "libs/token/key_ring.h"

namespace lmsmail::preference {
namespace {

std::optional<Category> OptionalCategoryNamed(std::string_view name) {
  const auto category = CategoryNamed(name);
  if (!category || PolicyOf(*category).mandatory) return std::nullopt;
  return category;
}

}  // namespace

void PreferenceConfig::Declare(config::Schema& schema) {
  config::Group quiet_keys = schema.Sub("quiet_hours");
  quiet_keys.String(
      "start", &quiet_hours.start,
      "Local time at which optional mail starts to wait. Empty start and end: never.");
  quiet_keys.String("end", &quiet_hours.end, "Local time at which waiting mail is sent.");
  config::Group default_keys = schema.Sub("defaults");
  default_keys.StringList(
      "subscribed", &defaults.subscribed,
      "Optional categories that a new recipient is subscribed to, of demo, progress, content and "
      "announcement.");
  default_keys.String(
      "consent_text", &defaults.consent_text,
      "The text that recipients agree to by registering, or its version. Recorded as evidence.");
  default_keys.Bool(
      "tracking_allowed", &defaults.tracking_allowed,
      "Whether opens and clicks of a new recipient may be measured, in the categories "
      "in which dispatch does; false where the law asks for consent first.");
  schema.Secret("keys", &keys,
                "File with the keys of links and address hashes, the same for every replica.");
  schema.Check([this](Violations& violations) { Check(violations); });
}

void PreferenceConfig::Check(Violations& violations) const {
  if (!quiet_hours.start.empty() || !quiet_hours.end.empty()) {
    const auto parsed = QuietHours::Parse(quiet_hours.start, quiet_hours.end);
    for (const FieldViolation& violation : ViolationsOf(parsed.status())) {
      violations.Add("quiet_hours." + violation.field, violation.description);
    }
  }
  for (const std::string& name : defaults.subscribed) {
    if (!OptionalCategoryNamed(name)) {
      violations.Add("defaults.subscribed",
                     fmt::format("\"{}\" is not an optional category: give demo, progress, content "
                                 "or announcement",
                                 name));
    }
  }
  if (keys.empty()) {
    violations.Add(
        "keys_file",
        "is required: links and address hashes must be the same on every replica. Create "
        "it once with: echo \"k1:$(openssl rand -base64 32)\" > preference.keys");
  } else if (const auto ring = token::KeyRing::Parse(keys); !ring.ok()) {
    violations.Add("keys_file", std::string(ToStd(ring.status().message())));
  }
}

School PreferenceConfig::ToSchool(const service::SchoolConfig& school) const {
  School result{school.language_code,
                school.time_zone,
                std::nullopt,
                {{}, defaults.consent_text, defaults.tracking_allowed}};
  if (auto parsed = QuietHours::Parse(quiet_hours.start, quiet_hours.end); parsed.ok()) {
    result.quiet_hours = *parsed;
  }
  for (const std::string& name : defaults.subscribed) {
    if (const auto category = OptionalCategoryNamed(name)) {
      result.defaults.subscribed.insert(*category);
    }
  }
  return result;
}

}  // namespace lmsmail::preference
