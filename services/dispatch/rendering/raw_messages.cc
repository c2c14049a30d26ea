#include "services/dispatch/rendering/raw_messages.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "libs/hash/sha256.h"
#include "libs/status/status_macros.h"

namespace lmsmail::dispatch {

RawMessage RawMessages::Render(const MessageRecord& record, absl::Time deadline) const {
  RawMessage raw;
  absl::StatusOr<std::string> bytes = Compose(record, deadline);
  if (!bytes.ok()) {
    raw.unavailable_reason = std::string(bytes.status().message());
    return raw;
  }
  raw.bytes = *std::move(bytes);
  raw.verified = !record.content_hash.empty() && hash::Sha256(raw.bytes) == record.content_hash;
  return raw;
}

absl::StatusOr<std::string> RawMessages::Compose(const MessageRecord& record,
                                                 absl::Time deadline) const {
  const Mail& mail = record.mail;
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
  LMSMAIL_ASSIGN_OR_RETURN(ComposedMail composed,
                           composer.Compose(mail, recipient, *version, transport->sender()));
  if (tracking_ == nullptr || record.content_hash.empty() ||
      composed.content_hash == record.content_hash) {
    return std::move(composed.message);
  }
  // What is measured may have changed since: the recipient or the school decided otherwise.
  for (const Measured measured : {Measured{false, false}, Measured{true, false},
                                  Measured{false, true}, Measured{true, true}}) {
    LMSMAIL_ASSIGN_OR_RETURN(
        ComposedMail other,
        composer.Compose(mail, recipient, *version, transport->sender(), measured));
    if (other.content_hash == record.content_hash) return std::move(other.message);
  }
  return std::move(composed.message);
}

}  // namespace lmsmail::dispatch
