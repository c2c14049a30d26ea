#include "services/dispatch/submission/mail_validation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>

#include "libs/address/email_address.h"
#include "libs/language/language_code.h"
#include "libs/resource_name/name.h"
#include "libs/validation/struct.h"
#include "libs/validation/text.h"
#include "services/dispatch/message/resource_names.h"
#include "services/dispatch/rendering/provided_context.h"

namespace lmsmail::dispatch {
namespace {

using validation::CheckStruct;
using validation::CheckText;
using validation::TextError;

constexpr std::size_t kMaxKeyLength = 128;
constexpr std::size_t kMaxLabels = 8;
constexpr std::size_t kMaxLabelLength = 63;
constexpr double kMinPerSecond = 0.01;
constexpr double kMaxPerSecond = 1'000'000;
constexpr absl::Duration kMaxAhead = absl::Hours(24 * 366);

void CheckLabels(const std::map<std::string, std::string>& labels, const std::string& field,
                 Violations& violations) {
  if (labels.size() > kMaxLabels) {
    violations.Add(field,
                   fmt::format("has {} labels; at most {} are allowed", labels.size(), kMaxLabels));
  }
  for (const auto& [key, value] : labels) {
    if (const auto error = TextError(key, {.max_length = kMaxLabelLength, .required = true})) {
      violations.Add(field, fmt::format("has a key that {}", *error));
    }
    CheckText(value, fmt::format("{}[\"{}\"]", field, key), {.max_length = kMaxLabelLength},
              violations);
  }
}

void CheckContext(const google::protobuf::Struct& context, std::string_view field,
                  Violations& violations) {
  CheckStruct(context, field, {}, violations);
  for (const auto& [name, value] : context.fields()) {
    if (!IsReserved(name)) continue;
    violations.Add(fmt::format("{}.{}", field, name),
                   "is filled in when the mail is sent: remove it, or give the value another name");
  }
}

}  // namespace

void CheckKey(std::string_view key, std::string_view field, Violations& violations) {
  if (key.empty()) {
    violations.Add(std::string(field),
                   "is required: a key that is unique for the meaning of the call, such as "
                   "\"payment_confirmation/pay-981\", which makes the call idempotent");
    return;
  }
  CheckText(key, field, {.max_length = kMaxKeyLength}, violations);
}

void CheckHeader(const MailHeader& header, std::string_view prefix, Violations& violations) {
  CheckKey(header.request_id, fmt::format("{}request_id", prefix), violations);
  if (!ParseTemplateName(header.template_name)) {
    violations.Add(
        fmt::format("{}template", prefix),
        "must be \"templates/{template}\" or \"templates/{template}/versions/{n}\", such "
        "as \"templates/enrollment\"");
  }
  if (!header.language_code.empty() && !language::IsLanguageCode(header.language_code)) {
    violations.Add(fmt::format("{}language_code", prefix),
                   "must be a BCP 47 code such as \"en\" or \"de-AT\"");
  }
  CheckLabels(header.labels, fmt::format("{}labels", prefix), violations);
  CheckContext(header.shared_context, fmt::format("{}shared_context", prefix), violations);
  const double rate = header.max_per_second;
  const bool in_range = rate >= kMinPerSecond && rate <= kMaxPerSecond;  // false for NaN
  if (rate != 0 && !in_range) {
    violations.Add(fmt::format("{}max_rate_per_second", prefix),
                   fmt::format("must be {} to {} mails per second, or 0 for no limit",
                               kMinPerSecond, static_cast<int>(kMaxPerSecond)));
  }
}

void CheckTimes(const MailHeader& header, std::string_view prefix, absl::Time now,
                Violations& violations) {
  const absl::Time send = header.send_time.value_or(now);
  if (send > now + kMaxAhead) {
    violations.Add(fmt::format("{}send_time", prefix), "must be at most 366 days ahead");
  }
  if (!header.expire_time) return;
  const std::string field = fmt::format("{}expire_time", prefix);
  if (*header.expire_time <= now) {
    violations.Add(field, "must be in the future");
  } else if (*header.expire_time <= send) {
    violations.Add(field, "must be after send_time");
  } else if (*header.expire_time > send + kMaxAhead) {
    violations.Add(field, "must be at most 366 days after send_time");
  }
}

void CheckTransport(const MailHeader& header, std::string_view prefix,
                    const std::set<std::string>& transports, Violations& violations) {
  if (header.transport.empty() || transports.contains(header.transport)) return;
  violations.Add(fmt::format("{}transport", prefix),
                 fmt::format("is not configured; use one of {} or leave it empty",
                             fmt::join(transports, ", ")));
}

void CheckItem(MailItem& item, std::string_view prefix, Violations& violations) {
  if (!item.target) {
    violations.Add(fmt::format("{}target", prefix), "is required: set recipient or email_address");
  } else if (item.target->kind == Target::Kind::kRecipient) {
    if (!resource_name::ParseRecipientName(item.target->value)) {
      violations.Add(fmt::format("{}target.recipient", prefix), resource_name::kRecipientNameRule);
    }
  } else if (auto address = address::ParseEmailAddress(item.target->value); address.ok()) {
    item.target->value = address->ToString();
  } else {
    violations.Add(fmt::format("{}target.email_address", prefix),
                   std::string(address.status().message()));
  }
  CheckContext(item.context.values(), fmt::format("{}context", prefix), violations);
  if (!item.dedupe_key.empty()) {
    CheckKey(item.dedupe_key, fmt::format("{}dedupe_key", prefix), violations);
  }
}

}  // namespace lmsmail::dispatch
