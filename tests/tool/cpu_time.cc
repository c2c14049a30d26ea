#include "tests/tool/cpu_time.h"

#include <sys/resource.h>

namespace lmsmail {

std::int64_t CpuMicroseconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto microseconds = [](const timeval& t) {
    return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_usec;
  };
  return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

}  // namespace lmsmail
