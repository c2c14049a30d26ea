#include "services/dispatch/rendering/raw_messages.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "libs/status/status_macros.h"

namespace lmsmail::dispatch {

RawMessage RawMessages::Render(const MessageRecord& record, absl::Time deadline) const {
  RawMessage raw;
  if (const absl::Status status = Compose(record, deadline, raw); !status.ok()) {
    raw.unavailable_reason = std::string(status.message());
  }
  return raw;
}

absl::StatusOr<std::shared_ptr<const MailParts>> RawMessages::Preview(Mail mail,
                                                                      absl::Time deadline) const {
  constexpr char kSampleUnsubscribe[] = "https://school.example/unsubscribe/preview";
  constexpr char kSamplePreferences[] = "https://school.example/preferences/preview";
  LMSMAIL_ASSIGN_OR_RETURN(mail.template_ref,
                           templates_.Resolve(mail.template_ref.key, std::nullopt, deadline));
  LMSMAIL_ASSIGN_OR_RETURN(const auto version, templates_.Get(mail.template_ref.key,
                                                              mail.template_ref.version, deadline));
  LMSMAIL_ASSIGN_OR_RETURN(
      std::vector<Verdict> verdicts,
      recipients_.Check({{mail.target, mail.template_ref.category}}, deadline));
  Recipient& recipient = verdicts.at(0).recipient;
  if (!recipient.address) return absl::NotFoundError("the recipient is unknown or was erased");
  if (!recipient.unsubscribe_url.empty()) recipient.unsubscribe_url = kSampleUnsubscribe;
  if (!recipient.preferences_url.empty()) recipient.preferences_url = kSamplePreferences;
  const Transport* const transport = transports_.Find("");
  if (transport == nullptr) return absl::FailedPreconditionError("there is no default transport");
  Composer composer(site_, message_ids_, address_hashes_, nullptr, max_bytes_);
  LMSMAIL_RETURN_IF_ERROR(
      composer.Compose(mail, recipient, *version, transport->sender()).status());
  return composer.PartsOfLast(mail, recipient);
}

absl::Status RawMessages::Compose(const MessageRecord& record, absl::Time deadline,
                                  RawMessage& raw) const {
  const Mail& mail = record.mail;
  if (mail.content_drop_time) {
    return absl::NotFoundError(fmt::format(
        "its content was dropped at {}, when its retention had ended",
        absl::FormatTime(absl::RFC3339_sec, *mail.content_drop_time, absl::UTCTimeZone())));
  }
  const RecipientQuery query{mail.target, mail.template_ref.category};
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Verdict> verdicts,
                           recipients_.Check({query}, deadline));
  const Recipient& recipient = verdicts.at(0).recipient;
  if (!recipient.address) {
    return absl::NotFoundError("the recipient is unknown or was erased");
  }
  const std::string& name = record.transport.empty() ? mail.transport : record.transport;
  const Transport* const transport = transports_.Find(name);
  if (transport == nullptr) {
    return absl::NotFoundError(fmt::format("the transport \"{}\" is no longer configured", name));
  }
  LMSMAIL_ASSIGN_OR_RETURN(const auto version, templates_.Get(mail.template_ref.key,
                                                              mail.template_ref.version, deadline));
  Composer composer(site_, message_ids_, address_hashes_, tracking_, max_bytes_);
  SenderIdentity sender = transport->sender();
  LMSMAIL_ASSIGN_OR_RETURN(ComposedMail composed,
                           composer.Compose(mail, recipient, *version, sender));
  const auto is_sent = [&record](const ComposedMail& it) {
    return !record.content_hash.empty() && it.content_hash == record.content_hash;
  };
  raw.verified = is_sent(composed);
  // What is measured may have changed since: the recipient or the school decided otherwise.
  std::optional<Measured> measured;
  for (const Measured other : {Measured{false, false}, Measured{true, false}, Measured{false, true},
                               Measured{true, true}}) {
    if (raw.verified || tracking_ == nullptr || record.content_hash.empty()) break;
    LMSMAIL_ASSIGN_OR_RETURN(ComposedMail again,
                             composer.Compose(mail, recipient, *version, sender, other));
    if (!is_sent(again)) continue;
    raw.verified = true;
    measured = other;
    composed = std::move(again);
  }
  if (sender.provider_builds) {
    sender.provider_builds = false;
    LMSMAIL_ASSIGN_OR_RETURN(composed,
                             composer.Compose(mail, recipient, *version, sender, measured));
  }
  raw.bytes = std::move(composed.message);
  return absl::OkStatus();
}

}  // namespace lmsmail::dispatch
