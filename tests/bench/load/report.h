#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace lmsmail::bench {

// The result of one run of lmsmail-load.
struct Report {
  std::int64_t count = 0;
  absl::Duration elapsed = {};
  std::vector<absl::Duration> latencies = {};  // empty if not measured

  // Returns {"count":..,"seconds":..,"cpu_us":..} and, if there are latencies, "p50_ms", "p99_ms"
  // and "max_ms". Sorts the latencies. "cpu_us" is the CPU time of this process.
  std::string ToJson();
};

}  // namespace lmsmail::bench
