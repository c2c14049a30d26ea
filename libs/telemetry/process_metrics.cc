#include "libs/telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace lmsmail::telemetry {
namespace {

double ResidentBytes() {
  // proc(5): pages of the whole size, then resident pages.
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double OpenFds() {
  std::error_code error;
  std::filesystem::directory_iterator fds("/proc/self/fd", error);
  double count = 0;
  for (; !error && fds != std::filesystem::directory_iterator(); fds.increment(error)) ++count;
  return count > 0 ? count - 1 : 0;  // without the descriptor that reads the directory
}

double MaxFds() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return absl::ToDoubleSeconds(absl::DurationFromTimeval(usage.ru_utime) +
                               absl::DurationFromTimeval(usage.ru_stime));
}

}  // namespace

void AddProcessMetrics(Metrics& metrics) {
  metrics.AddGauge("process_start_time_seconds", "Start time of the process since the Unix epoch.")
      .With()
      .Set(absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()));
  metrics.AddGaugeFunction("process_resident_memory_bytes", "Resident memory.", {}, ResidentBytes);
  metrics.AddGaugeFunction("process_open_fds", "Open file descriptors.", {}, OpenFds);
  metrics.AddGaugeFunction("process_max_fds", "Maximum number of open file descriptors.", {},
                           MaxFds);
  metrics.AddCounterFunction("process_cpu_seconds_total", "CPU time, user and system.", {},
                             CpuSeconds);
}

}  // namespace lmsmail::telemetry
