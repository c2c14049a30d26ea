#include "libs/rpc/request_budget.h"

#include <fmt/format.h>

#include <memory>

#include "libs/status/error_details.h"

namespace lmsmail::rpc {
namespace {

constexpr std::size_t kDefaultBytes = 96 << 20;

}  // namespace

absl::StatusOr<RequestBudget::Share> RequestBudget::Take(std::size_t bytes) {
  const std::size_t limit = limit_;
  if (bytes > limit / 2) {
    return WithReason(
        absl::InvalidArgumentError(fmt::format(
            "the request takes {} bytes of memory, of at most {}: send fewer or larger values, in "
            "several requests",
            bytes, limit / 2)),
        {"REQUEST_TOO_LARGE", {}});
  }
  if (used_.fetch_add(bytes) + bytes > limit) {
    used_ -= bytes;
    return WithReason(absl::ResourceExhaustedError(
                          "the requests that are handled now take all the memory there is for "
                          "requests: try again later, with fewer calls at a time"),
                      {"OVERLOADED", {}});
  }
  return Share(*this, bytes);
}

RequestBudget& RequestBudget::OfProcess() {
  // Never destroyed, because threads of gRPC may use it while the process exits.
  static auto& budget = *std::make_unique<RequestBudget>(kDefaultBytes).release();
  return budget;
}

}  // namespace lmsmail::rpc
