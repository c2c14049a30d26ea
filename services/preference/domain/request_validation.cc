#include "services/preference/domain/request_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "libs/address/email_address.h"
#include "libs/language/language_code.h"
#include "libs/resource_name/id.h"
#include "libs/resource_name/name.h"
#include "libs/strings/view.h"
#include "libs/time_zone/time_zone.h"
#include "libs/validation/text.h"

namespace lmsmail::preference {
namespace {

using validation::CheckText;

constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMaxActor = 128;
constexpr std::size_t kMaxConsentText = 500;
constexpr std::size_t kMaxDetail = 500;
constexpr std::size_t kMaxRequestId = 128;

void ValidateName(std::string_view name, std::string field, Violations& violations) {
  if (auto error = validation::TextError(name, {.max_length = kMaxName})) {
    violations.Add(std::move(field), *std::move(error));
  } else if (const absl::Status status = address::ValidateDisplayName(name); !status.ok()) {
    violations.Add(std::move(field), std::string(ToStd(status.message())));
  }
}

}  // namespace

void ValidateRecipient(const Recipient& recipient, std::string_view path, Violations& violations) {
  const auto field = [path](std::string_view name) { return fmt::format("{}.{}", path, name); };
  if (!resource_name::IsLmsId(recipient.id)) {
    violations.Add(field("name"), resource_name::kRecipientNameRule);
  }
  ValidateEmailAddress(recipient.email_address, field("email_address"), violations);
  ValidateName(recipient.display_name, field("display_name"), violations);
  ValidateName(recipient.given_name, field("given_name"), violations);
  if (!recipient.language_code.empty() && !language::IsLanguageCode(recipient.language_code)) {
    violations.Add(field("language_code"), "must be a BCP 47 language such as en or pt-BR");
  }
  if (recipient.time_zone.empty()) return;
  for (const FieldViolation& error : ViolationsOf(time_zone::Load(recipient.time_zone).status())) {
    violations.Add(field("time_zone"), error.description);
  }
}

void ValidateEmailAddress(std::string_view address, std::string_view field,
                          Violations& violations) {
  if (const auto parsed = address::ParseEmailAddress(address); !parsed.ok()) {
    violations.Add(std::string(field), std::string(ToStd(parsed.status().message())));
  }
}

void ValidateSource(const ConsentSource& source, std::string_view path, Violations& violations) {
  CheckText(source.actor, fmt::format("{}.actor", path), {.max_length = kMaxActor}, violations);
  ValidateConsentText(source.consent_text, fmt::format("{}.consent_text", path), violations);
  if (source.method == ConsentMethod::kDefault) {
    violations.Add(fmt::format("{}.method", path),
                   "must not be METHOD_DEFAULT, which only first registrations use");
  }
  if (source.method == ConsentMethod::kOneClick ||
      source.method == ConsentMethod::kPreferencePage) {
    violations.Add(fmt::format("{}.method", path),
                   "must not be METHOD_ONE_CLICK or METHOD_PREFERENCE_PAGE, which only the methods "
                   "with the token of a link record: give METHOD_API or METHOD_STAFF");
  }
}

void ValidateConsentText(std::string_view text, std::string_view field, Violations& violations) {
  CheckText(text, field, {.max_length = kMaxConsentText}, violations);
}

void ValidateDetail(std::string_view detail, std::string_view field, Violations& violations) {
  // The reply of a server can have several lines.
  CheckText(detail, field, {.max_length = kMaxDetail, .multiline = true}, violations);
}

void ValidateRequestId(std::string_view request_id, Violations& violations) {
  CheckText(request_id, "request_id", {.max_length = kMaxRequestId}, violations);
}

}  // namespace lmsmail::preference
