#include "services/dispatch/intake/mail_validation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>

#include "libs/address/email_address.h"
#include "libs/language/language_code.h"
#include "libs/strings/utf8.h"
#include "libs/strings/view.h"
#include "services/dispatch/resource_names.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::size_t kMaxKeyLength = 128;
constexpr std::size_t kMaxContextBytes = 64 * 1024;
constexpr int kMaxContextDepth = 32;
constexpr std::size_t kMaxLabels = 8;
constexpr std::size_t kMaxLabelLength = 63;
constexpr double kMinPerSecond = 0.01;
constexpr double kMaxPerSecond = 1'000'000;
constexpr absl::Duration kMaxAhead = absl::Hours(24 * 366);

bool IsPrintable(std::string_view text) {
  if (!IsValidUtf8(text)) return false;
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Levels of nested objects and lists, the struct itself the first. Stops counting past the limit,
// so that a hostile depth costs no stack.
int Depth(const google::protobuf::Struct& value, int allowed);

int Depth(const google::protobuf::Value& value, int allowed) {
  if (allowed < 0) return 0;
  if (value.has_struct_value()) return Depth(value.struct_value(), allowed);
  if (!value.has_list_value()) return 0;
  int deepest = 0;
  for (const auto& item : value.list_value().values()) {
    deepest = std::max(deepest, Depth(item, allowed - 1));
  }
  return deepest + 1;
}

int Depth(const google::protobuf::Struct& value, int allowed) {
  if (allowed < 0) return 1;
  int deepest = 0;
  for (const auto& [_, field] : value.fields()) {
    deepest = std::max(deepest, Depth(field, allowed - 1));
  }
  return deepest + 1;
}

bool HasNul(const google::protobuf::Struct& value);

bool HasNul(const google::protobuf::Value& value) {
  if (value.has_string_value()) return value.string_value().find('\0') != std::string::npos;
  if (value.has_struct_value()) return HasNul(value.struct_value());
  if (!value.has_list_value()) return false;
  const auto& values = value.list_value().values();
  return std::any_of(values.begin(), values.end(), [](const auto& item) { return HasNul(item); });
}

bool HasNul(const google::protobuf::Struct& value) {
  const auto& fields = value.fields();
  return std::any_of(fields.begin(), fields.end(),
                     [](const auto& field) { return HasNul(field.second); });
}

void CheckContext(const google::protobuf::Struct& context, std::string field,
                  Violations& violations) {
  if (const std::size_t bytes = context.ByteSizeLong(); bytes > kMaxContextBytes) {
    violations.Add(field, fmt::format("is {} bytes; at most {} are accepted: pass links instead of "
                                      "content",
                                      bytes, kMaxContextBytes));
  }
  if (Depth(context, kMaxContextDepth) > kMaxContextDepth) {
    violations.Add(std::move(field),
                   fmt::format("is nested more than {} levels deep; flatten it", kMaxContextDepth));
    return;
  }
  if (HasNul(context)) {
    violations.Add(std::move(field), "holds a NUL character, which no mail may; remove it");
  }
}

void CheckLabels(const std::map<std::string, std::string>& labels, const std::string& field,
                 Violations& violations) {
  if (labels.size() > kMaxLabels) {
    violations.Add(
        field, fmt::format("has {} labels; at most {} are accepted", labels.size(), kMaxLabels));
  }
  for (const auto& [key, value] : labels) {
    if (key.empty() || key.size() > kMaxLabelLength || !IsPrintable(key)) {
      violations.Add(field,
                     fmt::format("keys must be 1 to {} printable characters", kMaxLabelLength));
    } else if (value.size() > kMaxLabelLength || !IsPrintable(value)) {
      violations.Add(fmt::format("{}[\"{}\"]", field, key),
                     fmt::format("must be at most {} printable characters", kMaxLabelLength));
    }
  }
}

}  // namespace

void CheckKey(std::string_view key, std::string_view field, Violations& violations) {
  if (key.empty()) {
    violations.Add(std::string(field),
                   "is required: a key that is unique for what the call means, as "
                   "\"payment_confirmation/pay-981\", so that a repetition does nothing twice");
  } else if (key.size() > kMaxKeyLength || !IsPrintable(key)) {
    violations.Add(std::string(field),
                   fmt::format("must be at most {} bytes of printable text", kMaxKeyLength));
  }
}

void CheckHeader(const MailHeader& header, std::string_view prefix, Violations& violations) {
  CheckKey(header.request_id, fmt::format("{}request_id", prefix), violations);
  if (!ParseTemplateName(header.template_name)) {
    violations.Add(fmt::format("{}template", prefix),
                   "must be \"templates/{template}\" or \"templates/{template}/versions/{n}\", as "
                   "\"templates/enrollment\"");
  }
  if (!header.language_code.empty() && !language::IsLanguageCode(header.language_code)) {
    violations.Add(fmt::format("{}language_code", prefix),
                   "must be a BCP 47 code as \"en\" or \"de-AT\"");
  }
  CheckLabels(header.labels, fmt::format("{}labels", prefix), violations);
  CheckContext(header.shared_context, fmt::format("{}shared_context", prefix), violations);
  // Written so that it refuses NaN too.
  if (const double rate = header.max_per_second;
      rate != 0 && !(rate >= kMinPerSecond && rate <= kMaxPerSecond)) {
    violations.Add(fmt::format("{}max_rate_per_second", prefix),
                   fmt::format("must be {} to {} mails a second; leave it out for no limit",
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
    violations.Add(field, "has passed already; leave it out or set it ahead");
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
                 fmt::format("is not configured; leave it out or use one of: {}",
                             fmt::join(transports, ", ")));
}

void CheckItem(MailItem& item, std::string_view prefix, Violations& violations) {
  if (!item.target) {
    violations.Add(fmt::format("{}target", prefix),
                   "is required: either recipient or email_address");
  } else if (item.target->kind == Target::Kind::kRecipient) {
    if (!IsRecipientName(item.target->value)) {
      violations.Add(fmt::format("{}target.recipient", prefix),
                     "must be \"recipients/{id}\", the id 1 to 63 of A-Z, a-z, 0-9, _ - . ~");
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

absl::Duration DefaultLifetime(Category category) {
  return absl::Hours(24) * (DefaultLane(category) == Lane::kTransactional ? 3 : 2);
}

Lane DefaultLane(Category category) {
  switch (category) {
    case Category::kEnrollment:
    case Category::kPayment:
      return Lane::kTransactional;
    case Category::kDemo:
    case Category::kContent:
      return Lane::kNotification;
    case Category::kProgress:
    case Category::kAnnouncement:
      return Lane::kBulk;
  }
  return Lane::kBulk;
}

}  // namespace lmsmail::dispatch
