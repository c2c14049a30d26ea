#include "tests/bench/load/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tests/tool/cpu_time.h"

namespace lmsmail::bench {
namespace {

// `sorted` must not be empty.
double Percentile(const std::vector<absl::Duration>& sorted, double share) {
  const auto last = static_cast<double>(sorted.size() - 1);
  return absl::ToDoubleMilliseconds(sorted[static_cast<std::size_t>(std::lround(last * share))]);
}

}  // namespace

std::string Report::ToJson() {
  std::string json = fmt::format(R"({{"count":{},"seconds":{:.6f},"cpu_us":{})", count,
                                 absl::ToDoubleSeconds(elapsed), CpuMicroseconds());
  if (!latencies.empty()) {
    std::ranges::sort(latencies);
    json += fmt::format(R"(,"p50_ms":{:.3f},"p99_ms":{:.3f},"max_ms":{:.3f})",
                        Percentile(latencies, 0.5), Percentile(latencies, 0.99),
                        Percentile(latencies, 1));
  }
  return json + "}";
}

}  // namespace lmsmail::bench
