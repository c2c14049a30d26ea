#pragma once

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"

#include "libs/config/types.h"

namespace lmsmail::sink {

// A file descriptor that is closed with its owner.
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

// `address` is IPv4 in numbers.
absl::StatusOr<Listener> Listen(const config::HostPort& address);

}  // namespace lmsmail::sink
