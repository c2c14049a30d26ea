#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/token/key_ring.h"

namespace lmsmail::preference {

// By what an address is found on the suppression list: by itself as long as it is stored, and by a
// keyed hash once its owner was erased.
struct AddressKey {
  std::string canonical;            // address::CanonicalForm
  std::vector<std::string> hashes;  // by every key of the ring; the first is the one to store

  bool operator==(const AddressKey&) const = default;
};

// INVALID_ARGUMENT when `email_address` is none that can be written to.
absl::StatusOr<AddressKey> AddressKeyOf(const token::KeyRing& keys, std::string_view email_address);

// By what an erased recipient's consent history stays findable for who knows the recipient's id.
std::vector<std::string> SubjectHashes(const token::KeyRing& keys, std::string_view recipient_id);

}  // namespace lmsmail::preference
