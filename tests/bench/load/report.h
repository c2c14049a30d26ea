#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace lmsmail::bench {

// What a run prints: one line of JSON.
struct Report {
  std::int64_t count = 0;
  absl::Duration elapsed = {};
  std::vector<absl::Duration> latencies = {};  // empty: not measured

  // {"count":..,"seconds":..,"cpu_us":..} and, with latencies, their "p50_ms", "p99_ms", "max_ms".
  // Sorts the latencies. The CPU time is this process's.
  std::string ToJson();
};

}  // namespace lmsmail::bench
