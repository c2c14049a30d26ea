#include "libs/telemetry/limited_log.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace lmsmail::telemetry {
namespace {

const Clock& DefaultClock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace

LimitedLog::LimitedLog(int burst, absl::Duration interval)
    : LimitedLog(burst, interval, DefaultClock()) {}

LimitedLog::LimitedLog(int burst, absl::Duration interval, const Clock& clock)
    : window_(burst * interval), interval_(interval), clock_(clock) {}

std::int64_t LimitedLog::Admit() {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  const absl::Time next = std::max(paid_, now - window_) + interval_;
  if (next > now) {
    ++suppressed_;
    return -1;
  }
  paid_ = next;
  return std::exchange(suppressed_, 0);
}

void LimitedLog::Log(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!LogEnabled(level)) return;
  const std::int64_t suppressed = Admit();
  if (suppressed < 0) return;
  std::vector<Field> all(fields);
  if (suppressed > 0) all.push_back({"suppressed", suppressed});
  telemetry::Log(level, message, std::span<const Field>(all));
}

}  // namespace lmsmail::telemetry
