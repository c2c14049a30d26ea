#include "services/preference/domain/resource_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "libs/resource_name/numeric_id.h"

namespace lmsmail::preference {
namespace {

constexpr std::string_view kPreferences = "/preferences";
constexpr std::string_view kErasures = "erasures/";

// SHA-256 in hex.
bool IsSuppressionId(std::string_view id) {
  constexpr std::size_t kDigits = 64;
  return id.size() == kDigits && std::ranges::all_of(id, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::string PreferencesName(std::string_view recipient_id) {
  return fmt::format("{}{}", RecipientName(recipient_id), kPreferences);
}

std::string ConsentEventName(std::string_view recipient_id, std::int64_t event_id) {
  return fmt::format("{}/consentEvents/{}", RecipientName(recipient_id), event_id);
}

std::string SuppressionName(std::string_view id) { return fmt::format("suppressions/{}", id); }

std::string ErasureName(std::int64_t id) {
  return fmt::format("{}{}", kErasures, resource_name::EncodeId(id));
}

std::string RecipientId(std::string_view name, std::string_view field, Violations& violations) {
  if (auto id = resource_name::ParseRecipientName(name)) return *std::move(id);
  violations.Add(std::string(field), resource_name::kRecipientNameRule);
  return "";
}

std::string PreferencesId(std::string_view name, Violations& violations) {
  if (name.ends_with(kPreferences)) {
    name.remove_suffix(kPreferences.size());
    if (auto id = resource_name::ParseRecipientName(name)) return *std::move(id);
  }
  violations.Add("name", "must be recipients/{recipient}/preferences");
  return "";
}

std::string SuppressionId(std::string_view name, Violations& violations) {
  if (auto id = resource_name::ParseName(name, "suppressions/", IsSuppressionId)) {
    return *std::move(id);
  }
  violations.Add("name", "must be a suppressions/{suppression} that ListSuppressions returned");
  return "";
}

std::int64_t ErasureId(std::string_view name, Violations& violations) {
  if (name.starts_with(kErasures)) {
    if (const auto id = resource_name::DecodeId(name.substr(kErasures.size()))) return *id;
  }
  violations.Add("name",
                 "must be an erasures/{erasure} that DeleteRecipient or ListErasures returned");
  return 0;
}

}  // namespace lmsmail::preference
