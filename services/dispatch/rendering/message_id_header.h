#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "libs/token/key_ring.h"
#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// The Message-ID header (RFC 5322 section 3.6.4), "{id}.{check}@{domain}". It depends on the mail's
// id alone, so every attempt has the same one and receivers can detect duplicates. With a secret
// key, the check prevents strangers from forging the Message-IDs of mails that they did not
// receive.
class MessageIdHeader {
 public:
  MessageIdHeader(std::string domain, std::optional<token::KeyRing> keys)
      : domain_(std::move(domain)), keys_(std::move(keys)) {}

  // Without angle brackets.
  std::string Of(MessageId id) const;
  // Accepts angle brackets. Returns nullopt for a header that Of() has not returned with any of the
  // keys.
  std::optional<MessageId> Parse(std::string_view header) const;

 private:
  std::string With(std::string_view id, std::string_view check) const;

  const std::string domain_;
  const std::optional<token::KeyRing> keys_;
};

}  // namespace lmsmail::dispatch
