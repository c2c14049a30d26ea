#include "libs/tracing/traceparent.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/random/random.h"

namespace lmsmail::tracing {
namespace {

// version "-" trace-id "-" parent-id "-" flags
constexpr std::size_t kTraceId = 3, kTraceIdSize = 32;
constexpr std::size_t kSpanId = 36, kSpanIdSize = 16;
constexpr std::size_t kFlags = 53, kSize = 55;

std::atomic<double> sample_ratio = 0;

absl::BitGen& Generator() {
  thread_local absl::BitGen generator;
  return generator;
}

// Not zero, which the specification forbids.
std::uint64_t RandomId() {
  return absl::Uniform<std::uint64_t>(absl::IntervalClosed, Generator(), 1, UINT64_MAX);
}

bool IsLowerHex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view hex) { return hex.find_first_not_of('0') == std::string_view::npos; }

bool Decide() {
  const double ratio = sample_ratio.load(std::memory_order_relaxed);
  return ratio > 0 && absl::Uniform<double>(Generator(), 0, 1) < ratio;
}

}  // namespace

bool IsValid(std::string_view traceparent) {
  return traceparent.size() == kSize && traceparent.starts_with("00-") &&
         traceparent[kSpanId - 1] == '-' && traceparent[kFlags - 1] == '-' &&
         IsLowerHex(TraceIdOf(traceparent)) && !IsZero(TraceIdOf(traceparent)) &&
         IsLowerHex(SpanIdOf(traceparent)) && !IsZero(SpanIdOf(traceparent)) &&
         IsLowerHex(traceparent.substr(kFlags));
}

bool IsSampled(std::string_view traceparent) {
  // The lowest bit of the flags.
  return IsValid(traceparent) &&
         std::string_view("13579bdf").find(traceparent.back()) != std::string_view::npos;
}

std::string_view TraceIdOf(std::string_view traceparent) {
  return traceparent.substr(kTraceId, kTraceIdSize);
}

std::string_view SpanIdOf(std::string_view traceparent) {
  return traceparent.substr(kSpanId, kSpanIdSize);
}

std::string ChildTraceparent(std::string_view parent) {
  if (IsValid(parent)) {
    return fmt::format("{}{:016x}{}", parent.substr(0, kSpanId), RandomId(),
                       parent.substr(kFlags - 1));
  }
  return fmt::format("00-{:016x}{:016x}-{:016x}-{}", RandomId(), RandomId(), RandomId(),
                     Decide() ? "01" : "00");
}

void SetSampleRatio(double ratio) { sample_ratio = ratio; }

}  // namespace lmsmail::tracing
