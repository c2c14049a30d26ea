#pragma once

#include <google/protobuf/arena.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/render/renderer.h"
#include "services/dispatch/message/message.h"
#include "services/dispatch/message/recipient_check.h"
#include "services/dispatch/rendering/address_hashes.h"
#include "services/dispatch/rendering/mail_tracking.h"
#include "services/dispatch/rendering/message_id_header.h"
#include "services/dispatch/rendering/provided_context.h"
#include "services/dispatch/rendering/template_source.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

struct ComposedMail {
  std::string message;  // RFC 5322, CRLF; the header alone where the provider builds the message
  std::string envelope_from;
  std::string recipient;
  // SHA-256, 32 raw bytes: of `message`, followed by text and HTML where the provider builds it.
  std::string content_hash;
  std::string address_hash;  // of `recipient`
  bool needs_smtputf8 = false;
  std::shared_ptr<const MailParts> parts = nullptr;  // if asked for
};

// Renders mails and builds their bytes. The same mail, recipient, template version and sender give
// the same bytes on every attempt and every replica. Not thread-safe: every sender has its own.
class Composer {
 public:
  // All must outlive this. `tracking` is null where nothing is measured.
  Composer(const SiteIdentity& site, const MessageIdHeader& message_ids,
           const AddressHashes& address_hashes, const MailTracking* tracking, std::size_t max_bytes)
      : site_(site),
        message_ids_(message_ids),
        address_hashes_(address_hashes),
        tracking_(tracking),
        max_bytes_(max_bytes) {}

  // Errors: FAILED_PRECONDITION for a context that does not fit the template, RESOURCE_EXHAUSTED
  // when the rendered content exceeds `max_bytes`, INVALID_ARGUMENT for an address, a subject or a
  // size that is not valid in mail. `measured` replaces what is allowed now.
  absl::StatusOr<ComposedMail> Compose(const Mail& mail, const Recipient& recipient,
                                       const CompiledVersion& version, const SenderIdentity& sender,
                                       std::optional<Measured> measured = std::nullopt);

  // The parts of the mail that was composed last, for a transport that needs them. Once for a mail.
  std::shared_ptr<const MailParts> PartsOfLast(const Mail& mail, const Recipient& recipient);

 private:
  absl::Status Render(const Mail& mail, const Recipient& recipient, const CompiledVersion& version);

  const SiteIdentity& site_;
  const MessageIdHeader& message_ids_;
  const AddressHashes& address_hashes_;
  const MailTracking* const tracking_;
  const std::size_t max_bytes_;
  std::array<char, 16384> block_;                                // enough for most mails
  google::protobuf::Arena arena_{block_.data(), block_.size()};  // reset for each mail
  std::string shared_bytes_;             // the shared context of the last mail
  render::Object shared_;                // parsed from shared_bytes_
  const render::Object* own_ = nullptr;  // the own context of the last mail, in the arena
  render::Renderer renderer_;
  render::Rendered rendered_;
  std::vector<std::string> tracking_urls_;  // in the last mail
  std::vector<std::string> last_values_;    // the personal values of the last mail with parts
};

}  // namespace lmsmail::dispatch
