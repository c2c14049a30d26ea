#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/token/key_ring.h"

namespace lmsmail::preference {

// The key of an address on the suppression list. An entry holds the address itself, or only a keyed
// hash after its owner was erased.
struct AddressKey {
  std::string canonical;            // address::CanonicalForm
  std::vector<std::string> hashes;  // one per key of the ring; the first is stored

  bool operator==(const AddressKey&) const = default;
};

// INVALID_ARGUMENT when `email_address` is not a deliverable address.
absl::StatusOr<AddressKey> AddressKeyOf(const token::KeyRing& keys, std::string_view email_address);

// Hashes of a recipient's id, under which the consent history is kept after an erasure.
std::vector<std::string> SubjectHashes(const token::KeyRing& keys, std::string_view recipient_id);

}  // namespace lmsmail::preference
