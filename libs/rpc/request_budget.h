#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lmsmail::rpc {

// Bounds the memory of requests that are parsed or handled at a time. Thread-safe.
class RequestBudget {
 public:
  // Gives back what it holds when it is destroyed.
  class Share {
   public:
    Share() = default;
    Share(RequestBudget& budget, std::size_t bytes) : budget_(&budget), bytes_(bytes) {}
    Share(Share&& other) noexcept { *this = std::move(other); }
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    std::size_t bytes() const { return bytes_; }

    ~Share() {
      if (budget_ != nullptr) budget_->used_ -= bytes_;
    }

   private:
    RequestBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  explicit RequestBudget(std::size_t bytes) : limit_(bytes) {}

  // INVALID_ARGUMENT for a request that takes more than half of the budget, RESOURCE_EXHAUSTED when
  // the requests that are handled now leave too little.
  absl::StatusOr<Share> Take(std::size_t bytes);

  void SetLimit(std::size_t bytes) { limit_ = bytes; }
  std::size_t used() const { return used_; }

  // That of all servers of this process: gRPC parses a request before it says which server got it.
  static RequestBudget& OfProcess();

 private:
  std::atomic<std::size_t> limit_;
  std::atomic<std::size_t> used_ = 0;
};

}  // namespace lmsmail::rpc
