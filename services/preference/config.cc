#include "services/preference/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include "libs/strings/view.h"
#include "libs/token/key_ring.h"
#include "services/preference/validation.h"

namespace lmsmail::preference {
namespace {

struct NamedCategory {
  std::string_view name;
  Category category;
};
constexpr NamedCategory kNames[] = {
    {"demo", Category::kDemo},
    {"progress", Category::kProgress},
    {"content", Category::kContent},
    {"announcement", Category::kAnnouncement},
};

std::optional<Category> OptionalCategoryOf(std::string_view name) {
  const auto found = std::ranges::find(kNames, name, &NamedCategory::name);
  if (found == std::end(kNames)) return std::nullopt;
  return found->category;
}

bool IsBaseUrl(std::string_view url) {
  const std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  return scheme > 0 && url.size() > scheme && url.back() != '/' &&
         std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f && c != '"'; }) &&
         url.find_first_of("?#<>") == std::string_view::npos;
}

}  // namespace

void PreferenceConfig::Declare(config::Schema& schema) {
  config::Group quiet_keys = schema.Sub("quiet_hours");
  quiet_keys.String("start", &quiet_hours.start,
                    "Local time from which optional mail waits; empty, like end: never.");
  quiet_keys.String("end", &quiet_hours.end, "Local time at which waiting mail may go.");
  config::Group default_keys = schema.Sub("defaults");
  default_keys.StringList(
      "subscribed", &defaults.subscribed,
      "Optional categories a new recipient gets: demo, progress, content, announcement.");
  default_keys.String("wording", &defaults.wording,
                      "What recipients agreed to by registering, or its version; evidence.");
  schema.String("public_url", &public_url,
                "Where the gateway is reached from outside; links in mails begin with it.");
  schema.Secret("keys", &keys,
                "File of the keys behind links and address hashes, the same for every replica.");
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
    if (!OptionalCategoryOf(name)) {
      violations.Add("defaults.subscribed",
                     fmt::format("\"{}\" is not an optional category; those are demo, progress, "
                                 "content and announcement",
                                 name));
    }
  }
  if (!IsBaseUrl(public_url)) {
    violations.Add("public_url",
                   "must be the beginning of links, such as https://mail.school.example, without "
                   "a slash at its end");
  }
  if (keys.empty()) {
    violations.Add("keys_file",
                   "is required: links and address hashes must be the same on every replica. Make "
                   "it once with: echo \"k1:$(openssl rand -base64 32)\" > preference.keys");
  } else if (const auto ring = token::KeyRing::Parse(keys); !ring.ok()) {
    violations.Add("keys_file", std::string(ToStd(ring.status().message())));
  }
}

School PreferenceConfig::ToSchool(const service::SchoolConfig& school) const {
  School result{school.language_code, school.time_zone, std::nullopt, {{}, defaults.wording}};
  if (auto parsed = QuietHours::Parse(quiet_hours.start, quiet_hours.end); parsed.ok()) {
    result.quiet_hours = *parsed;
  }
  for (const std::string& name : defaults.subscribed) {
    if (const auto category = OptionalCategoryOf(name)) {
      result.defaults.subscribed.insert(*category);
    }
  }
  return result;
}

}  // namespace lmsmail::preference
