#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "libs/token/key_ring.h"
#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// The Message-ID header (RFC 5322 section 3.6.4) as a pure function of the mail's id, so that every
// attempt carries the same one and receivers can tell a repetition: "{id}.{check}@{domain}". The
// check, by a secret key if there is one, keeps strangers from naming mails that they never got.
class MessageIdHeader {
 public:
  MessageIdHeader(std::string domain, std::optional<token::KeyRing> keys)
      : domain_(std::move(domain)), keys_(std::move(keys)) {}

  // Without angle brackets.
  std::string Of(MessageId id) const;
  // With or without angle brackets; nullopt unless Of() makes it.
  std::optional<MessageId> Parse(std::string_view header) const;

 private:
  const std::string domain_;
  const std::optional<token::KeyRing> keys_;
};

}  // namespace lmsmail::dispatch
