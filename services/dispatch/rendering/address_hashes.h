#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "libs/address/email_address.h"
#include "libs/token/key_ring.h"
#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// Keyed hashes of the addresses that mails were handed over for. The log has them instead of the
// addresses: enough to tell whether a bounce concerns the address that a recipient has now. A hash
// depends on the mail too, so it does not tell which mails went to one address. Thread-safe.
//
// Without a key they work as well, but then whoever reads the log can check guesses of an address.
class AddressHashes {
 public:
  explicit AddressHashes(std::optional<token::KeyRing> keys) : keys_(std::move(keys)) {}

  // 16 raw bytes, made with the first key. Spellings with the same canonical form have one hash.
  std::string Of(MessageId id, const address::EmailAddress& address) const;
  // Whether Of() returned `hash` for `address`, with any of the keys.
  bool Matches(std::string_view hash, MessageId id, const address::EmailAddress& address) const;

 private:
  const std::optional<token::KeyRing> keys_;
};

}  // namespace lmsmail::dispatch
