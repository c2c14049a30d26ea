#pragma once

#include <cstddef>
#include <string>

#include "services/dispatch/message/recipient_check.h"
#include "services/dispatch/rendering/composer.h"
#include "services/dispatch/rendering/template_source.h"
#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/transports/transports.h"

namespace lmsmail::dispatch {

// A mail's bytes, written again.
struct RawMessage {
  std::string bytes;               // empty when it cannot be written
  std::string unavailable_reason;  // why it is empty
  bool verified = false;           // whether these are the very bytes that were sent
};

// Writes mails of the log again, from the wording, the context and the recipient as they are now:
// the log holds no bytes. Thread-safe.
class RawMessages {
 public:
  // All must outlive this.
  RawMessages(RecipientCheck& recipients, TemplateSource& templates, const Transports& transports,
              const SiteIdentity& site, const MessageIdHeader& message_ids, std::size_t max_bytes)
      : recipients_(recipients),
        templates_(templates),
        transports_(transports),
        site_(site),
        message_ids_(message_ids),
        max_bytes_(max_bytes) {}

  RawMessage Write(const MessageRecord& record) const;

 private:
  absl::StatusOr<std::string> Compose(const Mail& mail) const;

  RecipientCheck& recipients_;
  TemplateSource& templates_;
  const Transports& transports_;
  const SiteIdentity& site_;
  const MessageIdHeader& message_ids_;
  const std::size_t max_bytes_;
};

}  // namespace lmsmail::dispatch
