#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace lmsmail::preference {

// The numbers are those of the proto's Suppression.Reason; the database stores them.
enum class SuppressionReason : std::int16_t {
  kBounced = 1,
  kComplained = 2,
  kManual = 3,
  kErased = 4,
};

// An address that no mail is sent to.
struct Suppression {
  std::string id;             // keyed hash of the address; see AddressKey
  std::string email_address;  // empty after its owner was erased
  SuppressionReason reason = SuppressionReason::kManual;
  std::string detail;
  absl::Time create_time;

  bool operator==(const Suppression&) const = default;
};

}  // namespace lmsmail::preference
