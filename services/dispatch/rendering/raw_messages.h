#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "services/dispatch/message/recipient_check.h"
#include "services/dispatch/rendering/composer.h"
#include "services/dispatch/rendering/template_source.h"
#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/transports/transports.h"

namespace lmsmail::dispatch {

struct RawMessage {
  // RFC 5322; empty when the mail cannot be rendered. Where the provider builds the message, this
  // is what we would have built of the same parts.
  std::string bytes;
  std::string unavailable_reason;  // why `bytes` is empty
  bool verified = false;           // whether it has the hash of the sent mail
};

// Renders mails of the log again, because the log does not store their bytes. Uses the context of
// the log and the current data of the recipient. Thread-safe.
class RawMessages {
 public:
  // All must outlive this. `tracking` may be null.
  RawMessages(RecipientCheck& recipients, TemplateSource& templates, const Transports& transports,
              const SiteIdentity& site, const MessageIdHeader& message_ids,
              const AddressHashes& address_hashes, const MailTracking* tracking,
              std::size_t max_bytes)
      : recipients_(recipients),
        templates_(templates),
        transports_(transports),
        site_(site),
        message_ids_(message_ids),
        address_hashes_(address_hashes),
        tracking_(tracking),
        max_bytes_(max_bytes) {}

  RawMessage Render(const MessageRecord& record, absl::Time deadline) const;

  // Renders a mail of the published version of the template, as if it were sent now. The links to
  // the recipient's preferences are samples, because whoever has one may use it. NOT_FOUND for an
  // unknown recipient; otherwise the errors of Composer and TemplateSource.
  absl::StatusOr<std::shared_ptr<const MailParts>> Preview(Mail mail, absl::Time deadline) const;

 private:
  // Finds the bytes that the record has the hash of, if that can be; those of a mail that was sent
  // now otherwise.
  absl::Status Compose(const MessageRecord& record, absl::Time deadline, RawMessage& raw) const;

  RecipientCheck& recipients_;
  TemplateSource& templates_;
  const Transports& transports_;
  const SiteIdentity& site_;
  const MessageIdHeader& message_ids_;
  const AddressHashes& address_hashes_;
  const MailTracking* const tracking_;
  const std::size_t max_bytes_;
};

}  // namespace lmsmail::dispatch
