#include "services/preference/validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "libs/address/email_address.h"
#include "libs/cron/zone.h"
#include "libs/language/language_code.h"
#include "libs/resource_name/id.h"
#include "libs/resource_name/name.h"
#include "libs/strings/view.h"

namespace lmsmail::preference {
namespace {

constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMaxActor = 128;
constexpr std::size_t kMaxWording = 500;
constexpr std::size_t kMaxDetail = 500;
constexpr std::size_t kMaxRequestId = 128;

// Of UTF-8.
std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void CheckText(std::string_view text, std::size_t most, std::string field, Violations& violations) {
  if (Characters(text) > most) {
    violations.Add(std::move(field), fmt::format("has {} characters; at most {} are allowed",
                                                 Characters(text), most));
  } else if (std::ranges::any_of(text, IsControl)) {
    violations.Add(std::move(field), "holds a control character; remove it");
  }
}

void CheckName(std::string_view name, std::string field, Violations& violations) {
  if (Characters(name) > kMaxName) {
    violations.Add(std::move(field), fmt::format("has {} characters; at most {} are allowed",
                                                 Characters(name), kMaxName));
  } else if (const absl::Status status = address::ValidateDisplayName(name); !status.ok()) {
    violations.Add(std::move(field), std::string(ToStd(status.message())));
  }
}

}  // namespace

void CheckRecipient(const Recipient& recipient, std::string_view path, Violations& violations) {
  const auto field = [path](std::string_view name) { return fmt::format("{}.{}", path, name); };
  if (!resource_name::IsLmsId(recipient.id)) {
    violations.Add(field("name"), resource_name::kRecipientNameRule);
  }
  CheckEmailAddress(recipient.email_address, field("email_address"), violations);
  CheckName(recipient.display_name, field("display_name"), violations);
  CheckName(recipient.given_name, field("given_name"), violations);
  if (!recipient.language_code.empty() && !language::IsLanguageCode(recipient.language_code)) {
    violations.Add(field("language_code"), "must be a BCP 47 language such as en or pt-BR");
  }
  if (!recipient.time_zone.empty() && !cron::LoadZone(recipient.time_zone).ok()) {
    violations.Add(field("time_zone"), "must be a zone of the IANA database such as Europe/Berlin");
  }
}

void CheckEmailAddress(std::string_view address, std::string_view field, Violations& violations) {
  if (const auto parsed = address::ParseEmailAddress(address); !parsed.ok()) {
    violations.Add(std::string(field), std::string(ToStd(parsed.status().message())));
  }
}

void CheckSource(const ConsentSource& source, std::string_view path, Violations& violations) {
  CheckText(source.actor, kMaxActor, fmt::format("{}.actor", path), violations);
  CheckText(source.wording, kMaxWording, fmt::format("{}.wording", path), violations);
  if (source.method == ConsentMethod::kDefault) {
    violations.Add(fmt::format("{}.method", path),
                   "METHOD_DEFAULT is for first registrations; say how the wish reached you");
  }
}

void CheckDetail(std::string_view detail, std::string_view field, Violations& violations) {
  if (Characters(detail) > kMaxDetail) {
    violations.Add(std::string(field), fmt::format("has {} characters; at most {} are allowed",
                                                   Characters(detail), kMaxDetail));
  } else if (std::ranges::any_of(detail, [](char c) {
               return IsControl(c) && c != '\r' && c != '\n' && c != '\t';  // a reply has lines
             })) {
    violations.Add(std::string(field), "holds a control character; remove it");
  }
}

void CheckRequestId(std::string_view request_id, Violations& violations) {
  CheckText(request_id, kMaxRequestId, "request_id", violations);
}

}  // namespace lmsmail::preference
