#include "services/preference/validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "libs/address/email_address.h"
#include "libs/cron/zone.h"
#include "libs/strings/view.h"

namespace lmsmail::preference {
namespace {

constexpr std::size_t kMaxId = 63;
constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMaxLanguageCode = 35;  // RFC 5646 section 4.4.1
constexpr std::size_t kMaxActor = 128;
constexpr std::size_t kMaxWording = 500;
constexpr std::size_t kMaxDetail = 500;
constexpr std::size_t kMaxRequestId = 128;

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsAlnum(char c) { return IsAlpha(c) || (c >= '0' && c <= '9'); }

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

bool IsRecipientId(std::string_view id) {
  constexpr std::string_view kPunctuation = "_-.~";
  return !id.empty() && id.size() <= kMaxId && std::ranges::all_of(id, [&](char c) {
    return IsAlnum(c) || kPunctuation.find(c) != std::string_view::npos;
  });
}

bool IsLanguageCode(std::string_view code) {
  if (code.size() > kMaxLanguageCode) return false;
  const std::string_view language = code.substr(0, code.find('-'));
  if (language.size() < 2 || language.size() > 8 || !std::ranges::all_of(language, IsAlpha)) {
    return false;
  }
  for (code.remove_prefix(language.size()); !code.empty();) {
    code.remove_prefix(1);  // the "-"
    const std::string_view subtag = code.substr(0, code.find('-'));
    if (subtag.empty() || subtag.size() > 8 || !std::ranges::all_of(subtag, IsAlnum)) return false;
    code.remove_prefix(subtag.size());
  }
  return true;
}

void CheckRecipient(const Recipient& recipient, std::string_view path, Violations& violations) {
  const auto field = [path](std::string_view name) { return fmt::format("{}.{}", path, name); };
  if (!IsRecipientId(recipient.id)) violations.Add(field("name"), kRecipientNameRule);
  CheckEmailAddress(recipient.email_address, field("email_address"), violations);
  CheckName(recipient.display_name, field("display_name"), violations);
  CheckName(recipient.given_name, field("given_name"), violations);
  if (!recipient.language_code.empty() && !IsLanguageCode(recipient.language_code)) {
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
