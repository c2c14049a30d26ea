#include "tests/fakes/mailgun_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

#include "libs/address/email_address.h"
#include "libs/hash/sha256.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"
#include "tests/fakes/substitution.h"

namespace lmsmail::fakes {
namespace {

using http_server::Form;
using http_server::FormField;
using nlohmann::json;

constexpr size_t kMaxRecipients = 1000;
constexpr size_t kMaxTags = 10;
constexpr size_t kMaxTagSize = 128;
constexpr size_t kMaxParameterOctets = 16 << 10;  // of o:, h:, v: and t: together
constexpr size_t kMaxMessageOctets = 25 << 20;
constexpr absl::Duration kMaxAhead = absl::Hours(72);

absl::Status Invalid(std::string_view message) {
  return absl::InvalidArgumentError(ToAbsl(message));
}
absl::Status NoAddress(std::string_view parameter) {
  return Invalid(
      fmt::format("'{}' parameter is not a valid address. please check documentation", parameter));
}

bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 127; });
}

// The address of `Name <address>` or of an address alone; empty if it is invalid.
std::string AddressOf(absl::string_view text) {
  std::string_view address = ToStd(absl::StripAsciiWhitespace(text));
  if (address.ends_with('>')) {
    const size_t begin = address.rfind('<');
    if (begin == std::string_view::npos) return "";
    address = address.substr(begin + 1, address.size() - begin - 2);
  }
  return address::ParseEmailAddress(address).ok() ? std::string(address) : "";
}

// Splits a list of mailboxes at its commas, except for those in quotes.
std::vector<std::string> SplitMailboxes(std::string_view list) {
  std::vector<std::string> mailboxes(1);
  bool quoted = false;
  for (const char c : list) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) {
      mailboxes.emplace_back();
    } else {
      mailboxes.back() += c;
    }
  }
  return mailboxes;
}

// The header of a MIME message, unfolded. A field that is repeated has an array of its values.
json HeadersOf(std::string_view mime) {
  json headers = json::object();
  std::string name;
  const auto add = [&](std::string_view value, bool continued) {
    json& field = headers[name];
    json& last = field.is_array() ? field.back() : field;
    if (continued) {
      last = last.get<std::string>() + std::string(value);
    } else if (field.is_null()) {
      field = value;
    } else {
      if (!field.is_array()) field = json::array({field});
      field.push_back(value);
    }
  };
  for (absl::string_view part : absl::StrSplit(ToAbsl(mime), '\n')) {
    std::string_view line = ToStd(part);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (line.front() == ' ' || line.front() == '\t') {
      if (!name.empty()) add(line, /*continued=*/true);
    } else if (colon != std::string_view::npos) {
      name = line.substr(0, colon);
      add(ToStd(absl::StripLeadingAsciiWhitespace(ToAbsl(line.substr(colon + 1)))),
          /*continued=*/false);
    }
  }
  return headers;
}

// The first value of a header field; empty if there is none.
std::string HeaderOf(const json& headers, absl::string_view name) {
  for (const auto& [key, value] : headers.items()) {
    if (absl::EqualsIgnoreCase(key, name)) return value.is_array() ? value[0] : value;
  }
  return "";
}

class Parser {
 public:
  Parser(bool is_mime, absl::Time now) : is_mime_(is_mime), now_(now) {}

  absl::StatusOr<MailgunMessage> Parse(const Form& form) {
    for (const FormField& field : form) LMSMAIL_RETURN_IF_ERROR(Take(field));
    if (parameter_octets_ > kMaxParameterOctets) {
      return Invalid("The total size of o:, h:, v: and t: parameters exceeds 16KB");
    }
    if (message_.recipients.empty()) return Invalid("'to' parameter is missing");
    if (message_.recipients.size() > kMaxRecipients) {
      return Invalid("Too many recipients, max is 1000");
    }
    LMSMAIL_RETURN_IF_ERROR(is_mime_ ? FinishMime() : FinishParts());
    return std::move(message_);
  }

 private:
  absl::Status Take(const FormField& field) {
    const std::string_view name = field.name;
    for (const std::string_view prefix : {"o:", "h:", "v:", "t:"}) {
      if (!name.starts_with(prefix)) continue;
      parameter_octets_ += name.size() + field.value.size();
      return TakeParameter(prefix, name.substr(2), field.value);
    }
    if (name == "to" || name == "cc" || name == "bcc") return TakeRecipients(field);
    if (name == "recipient-variables") return TakeRecipientVariables(field.value);
    octets_ += field.value.size();
    if (is_mime_ && name == "message") {
      // Without a file name, it is an ordinary field, which the API does not read.
      if (!field.has_filename) return Invalid("'message' parameter must be a file");
      message_.mime = field.value;
      return absl::OkStatus();
    }
    if (is_mime_) return Unknown(name);
    if (name == "from") {
      if (AddressOf(field.value).empty()) return NoAddress("from");
      has_from_ = true;
    } else if (name == "subject") {
      message_.subject = field.value;
    } else if (name == "text") {
      message_.text = field.value;
    } else if (name == "html") {
      message_.html = field.value;
    } else if (name == "template") {
      has_template_ = true;
    } else if (name != "amp-html" && name != "attachment" && name != "inline") {
      return Unknown(name);
    }
    return absl::OkStatus();
  }

  // The API ignores unknown parameters; the fake refuses them, because they are mistakes of ours.
  static absl::Status Unknown(std::string_view name) {
    return Invalid(fmt::format("'{}' is not a documented parameter", name));
  }

  absl::Status TakeParameter(std::string_view prefix, std::string_view name,
                             const std::string& value) {
    if (prefix == "h:") {
      if (name.empty() || !IsPrintable(name) ||
          name.find_first_of(": ") != std::string_view::npos) {
        return Invalid("Header names must be ASCII");
      }
      message_.headers[std::string(name)] = value;
      return absl::OkStatus();
    }
    if (prefix == "v:") {
      message_.variables[std::string(name)] = value;
      return absl::OkStatus();
    }
    return prefix == "o:" ? TakeOption(name, value) : absl::OkStatus();
  }

  absl::Status TakeOption(std::string_view name, const std::string& value) {
    static constexpr std::string_view kSwitches[] = {
        "dkim",           "testmode",
        "tracking",       "tracking-clicks",
        "tracking-opens", "tracking-pixel-location-top",
        "require-tls",    "skip-verification"};
    if (std::ranges::find(kSwitches, name) != std::end(kSwitches)) {
      const bool html_only = name == "tracking-clicks" && value == "htmlonly";
      if (!html_only && value != "yes" && value != "no" && value != "true" && value != "false") {
        return Invalid(fmt::format("'o:{}' parameter must be yes or no", name));
      }
      if (name == "testmode") message_.test_mode = value == "yes" || value == "true";
      return absl::OkStatus();
    }
    if (name == "tag") {
      if (++tags_ > kMaxTags) return Invalid("Too many tags, max is 10");
      if (value.empty() || value.size() > kMaxTagSize || !IsPrintable(value)) {
        return Invalid("'o:tag' parameter must have 1 to 128 ASCII characters");
      }
      return absl::OkStatus();
    }
    if (name == "deliverytime") {
      absl::Time time;
      if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S %z", value, &time, nullptr)) {
        return Invalid("'o:deliverytime' parameter is not a valid RFC-2822 date");
      }
      if (time > now_ + kMaxAhead) {
        return Invalid("'o:deliverytime' parameter is too far in the future");
      }
      return absl::OkStatus();
    }
    if (name == "deliverytime-optimize-period" || name == "time-zone-localize") {
      return absl::OkStatus();
    }
    return Unknown("o:" + std::string(name));
  }

  absl::Status TakeRecipients(const FormField& field) {
    for (const std::string& mailbox : SplitMailboxes(field.value)) {
      std::string address = AddressOf(mailbox);
      if (address.empty()) return NoAddress(field.name);
      message_.recipients.push_back(std::move(address));
      if (field.name != "bcc") ++message_.visible_recipients;
    }
    return absl::OkStatus();
  }

  absl::Status TakeRecipientVariables(const std::string& value) {
    json variables = json::parse(value, nullptr, /*allow_exceptions=*/false);
    const bool good = variables.is_object() && std::ranges::all_of(variables, [](const json& one) {
                        return one.is_object();
                      });
    if (!good) return Invalid("'recipient-variables' parameter is not a valid JSON");
    message_.recipient_variables = std::move(variables);
    return absl::OkStatus();
  }

  absl::Status FinishMime() {
    if (message_.mime.empty()) return Invalid("'message' parameter is missing");
    if (message_.mime.size() > kMaxMessageOctets) return TooLarge();
    message_.headers = HeadersOf(message_.mime);
    message_.subject = HeaderOf(message_.headers, "Subject");
    if (AddressOf(HeaderOf(message_.headers, "From")).empty()) return NoAddress("from");
    return absl::OkStatus();
  }

  absl::Status FinishParts() {
    if (!has_from_) return Invalid("'from' parameter is missing");
    if (message_.text.empty() && message_.html.empty() && !has_template_) {
      return Invalid(
          "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters "
          "specified");
    }
    return octets_ > kMaxMessageOctets ? TooLarge() : absl::OkStatus();
  }

  static absl::Status TooLarge() { return Invalid("Message size exceeds the limit of 25MB"); }

  const bool is_mime_;
  const absl::Time now_;
  MailgunMessage message_{.recipients = {},
                          .recipient_variables = nullptr,
                          .variables = json::object(),
                          .headers = json::object(),
                          .subject = {},
                          .text = {},
                          .html = {},
                          .mime = {}};
  size_t octets_ = 0;
  size_t parameter_octets_ = 0;
  size_t tags_ = 0;
  bool has_from_ = false;
  bool has_template_ = false;
};

// What replaces the tags `%recipient.key%` of one recipient.
struct Replacements {
  std::vector<std::string> tags;
  std::vector<std::string> values;

  std::string Apply(std::string_view text) const {
    return Substitution(text, tags).Apply({values.begin(), values.end()});
  }
};

Replacements ReplacementsFor(const MailgunMessage& message, const std::string& recipient) {
  Replacements replacements{.tags = {"%recipient%"}, .values = {recipient}};
  if (!message.recipient_variables.contains(recipient)) return replacements;
  for (const auto& [key, value] : message.recipient_variables[recipient].items()) {
    replacements.tags.push_back("%recipient." + key + "%");
    replacements.values.push_back(value.is_string() ? value.get<std::string>() : value.dump());
  }
  return replacements;
}

json Replaced(const json& object, const Replacements& replacements) {
  json replaced = json::object();
  for (const auto& [key, value] : object.items()) {
    replaced[key] = replacements.Apply(value.get_ref<const std::string&>());
  }
  return replaced;
}

// Adds what a ledger has beside id and recipient.
void AddDetails(const MailgunMessage& message, const Replacements& replacements, Detail detail,
                Mail& mail) {
  if (!message.mime.empty()) {
    mail.subject = message.subject;
    mail.headers = message.headers;
    mail.sha256 = hash::Sha256Hex(message.mime);
    if (detail == Detail::kContent) mail.content = {{"mime", message.mime}};
    return;
  }
  const std::string text = replacements.Apply(message.text);
  const std::string html = replacements.Apply(message.html);
  mail.subject = replacements.Apply(message.subject);
  mail.headers = Replaced(message.headers, replacements);
  mail.sha256 = hash::Sha256Hex(text + html);
  if (detail == Detail::kContent) mail.content = {{"text", text}, {"html", html}};
}

}  // namespace

absl::StatusOr<MailgunMessage> ParseMailgunMessage(const Form& form, bool is_mime, absl::Time now) {
  return Parser(is_mime, now).Parse(form);
}

std::vector<Mail> MailgunMails(const MailgunMessage& message, std::string_view provider_id,
                               const std::string& id_variable, Detail detail) {
  // Without the variables, one message goes to all.
  const bool apart = !message.recipient_variables.is_null();
  std::vector<Mail> mails;
  for (const std::string& recipient : message.recipients) {
    const Replacements replacements = apart ? ReplacementsFor(message, recipient) : Replacements{};
    Mail mail;
    mail.id = HeaderOf(Replaced(message.variables, replacements), ToAbsl(id_variable));
    mail.provider_id = provider_id;
    mail.recipient = recipient;
    mail.visible_recipients = apart ? 1 : static_cast<std::int64_t>(message.visible_recipients);
    if (detail != Detail::kCount) AddDetails(message, replacements, detail, mail);
    mails.push_back(std::move(mail));
  }
  return mails;
}

}  // namespace lmsmail::fakes
