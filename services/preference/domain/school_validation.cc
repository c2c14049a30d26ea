#include "services/preference/domain/school_validation.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"

#include "libs/address/email_address.h"
#include "libs/language/language_code.h"
#include "libs/strings/view.h"
#include "libs/time_zone/time_zone.h"
#include "libs/validation/text.h"

namespace lmsmail::preference {
namespace {

constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMaxUrl = 2048;
constexpr std::size_t kMaxPostalAddress = 500;

bool IsWebUrl(std::string_view url) {
  const std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  if (scheme == 0 || url.size() > kMaxUrl) return false;
  const std::string_view host = url.substr(scheme, url.find_first_of("/?#", scheme) - scheme);
  return !host.empty() && host.front() != ':' && host.find('@') == std::string_view::npos &&
         std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; }) &&
         url.find_first_of("<>\"\\") == std::string_view::npos;
}

bool IsColor(std::string_view color) {
  return color.size() == 7 && color.front() == '#' &&
         std::ranges::all_of(color.substr(1), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

void CheckUrl(std::string_view url, const char* field, Violations& violations) {
  if (IsWebUrl(url)) return;
  violations.Add(field,
                 "must be an http or https URL of at most 2048 ASCII characters, such as "
                 "https://learn.school.example");
}

void CheckAddress(std::string_view address, const char* field, Violations& violations) {
  if (address.empty()) return;
  if (const auto parsed = address::ParseEmailAddress(address); !parsed.ok()) {
    violations.Add(field, std::string(ToStd(parsed.status().message())));
  }
}

}  // namespace

Violations CheckSchool(const school::School& school) {
  Violations violations;
  if (auto error =
          validation::TextError(school.display_name, {.max_length = kMaxName, .required = true})) {
    violations.Add("display_name", *std::move(error));
  } else if (const absl::Status name = address::ValidateDisplayName(school.display_name);
             !name.ok()) {
    violations.Add("display_name", std::string(ToStd(name.message())));
  }
  CheckUrl(school.url, "url", violations);
  validation::CheckText(school.postal_address, "postal_address",
                        {.max_length = kMaxPostalAddress, .multiline = true}, violations);
  if (!language::IsLanguageCode(school.language_code)) {
    violations.Add("language_code", "must be a BCP 47 language such as en or pt-BR");
  }
  for (const FieldViolation& zone : ViolationsOf(time_zone::Load(school.time_zone).status())) {
    violations.Add("time_zone", zone.description);
  }
  if (!school.logo_url.empty()) CheckUrl(school.logo_url, "logo_url", violations);
  if (!school.color.empty() && !IsColor(school.color)) {
    violations.Add("color", "must be # and six hexadecimal digits, as in #1a6fb0");
  }
  CheckAddress(school.reply_to, "reply_to", violations);
  CheckAddress(school.support_address, "support_address", violations);
  return violations;
}

}  // namespace lmsmail::preference
