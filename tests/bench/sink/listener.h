#pragma once

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"

#include "libs/config/types.h"

namespace lmsmail::sink {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  int get() const { return number_; }

 private:
  int number_;
};

struct Listener {
  Descriptor socket;  // non-blocking
  std::uint16_t port = 0;
};

// `address` must be a numeric IPv4 address.
absl::StatusOr<Listener> Listen(const config::HostPort& address);

}  // namespace lmsmail::sink
