#pragma once

#include <memory>

#include "absl/status/statusor.h"

namespace lmsmail::chaos {

// While this object lives, the name localhost has the addresses ::1 and 127.0.0.1, in this order.
// If the hosts file of this machine has not both, another one is mounted, which only this thread
// and its children see.
class TwoAddresses {
 public:
  // Returns an error if this host has no ::1 or mounting is not allowed.
  static absl::StatusOr<std::unique_ptr<TwoAddresses>> Ensure();
  ~TwoAddresses();
  TwoAddresses(const TwoAddresses&) = delete;
  TwoAddresses& operator=(const TwoAddresses&) = delete;

 private:
  explicit TwoAddresses(bool mounted) : mounted_(mounted) {}

  const bool mounted_;
};

}  // namespace lmsmail::chaos
