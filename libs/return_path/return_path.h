#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "libs/address/email_address.h"
#include "libs/token/key_ring.h"

// Variable envelope return paths (VERP): each mail has its own envelope sender, so that whatever
// comes back to that address is about that mail, in whatever form.
namespace lmsmail::return_path {

// What the local part of such an address holds.
struct ReturnPath {
  std::int64_t mail = 0;
  std::string recipient_digest;  // of the address that the mail went to

  // Whether the mail went to this address. An error of one in four billion is possible.
  bool WentTo(const address::EmailAddress& recipient) const;
};

// The return paths of mail, sealed with the first key of a ring. Nobody without the key can make
// one, but whoever got a mail has its return path. Immutable and therefore thread-safe.
class ReturnPaths {
 public:
  explicit ReturnPaths(token::KeyRing keys) : keys_(std::move(keys)) {}

  // The local part of an address: lower case, the same for the same mail and recipient, at most 62
  // of the 64 octets that it may have.
  std::string LocalPart(std::int64_t mail, const address::EmailAddress& recipient) const;

  // Reads an address that LocalPart() begins, in any case; what follows "@" does not matter.
  // nullopt for every other text.
  std::optional<ReturnPath> Parse(std::string_view address) const;

 private:
  const token::KeyRing keys_;
};

// Whether an address has the form of a return path, whoever made it.
bool HasForm(std::string_view address);

}  // namespace lmsmail::return_path
