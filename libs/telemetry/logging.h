#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/telemetry/field.h"

// Structured logging to stderr: one event per line, with a constant message and varying fields.
//
//   telemetry::LogInfo("batch sent", {{"lane", "bulk"}, {"count", 3}});
//
// Never log an email address, a token or a template context. Thread-safe.
namespace lmsmail::telemetry {

enum class Level { kDebug, kInfo, kWarning, kError };

enum class LogFormat {
  kAuto,  // kText when stderr is a terminal, otherwise kJson
  kJson,  // {"time":"2026-01-31T09:00:00.000Z","level":"info","service":...,"message":...,...}
  kText,
};

struct LoggingOptions {
  std::string service;
  Level level = Level::kInfo;
  LogFormat format = LogFormat::kAuto;
};

// Call once, early in main(). Until then, events of level kInfo and above are logged as text.
void InitLogging(const LoggingOptions& options);

bool LogEnabled(Level level);

void Log(Level level, std::string_view message, std::span<const Field> fields);

inline void Log(Level level, std::string_view message, std::initializer_list<Field> fields = {}) {
  Log(level, message, std::span<const Field>(fields.begin(), fields.size()));
}
inline void LogDebug(std::string_view message, std::initializer_list<Field> fields = {}) {
  Log(Level::kDebug, message, fields);
}
inline void LogInfo(std::string_view message, std::initializer_list<Field> fields = {}) {
  Log(Level::kInfo, message, fields);
}
inline void LogWarning(std::string_view message, std::initializer_list<Field> fields = {}) {
  Log(Level::kWarning, message, fields);
}
inline void LogError(std::string_view message, std::initializer_list<Field> fields = {}) {
  Log(Level::kError, message, fields);
}

// Logs at most one event per `interval`; the field "suppressed" of the next event counts those that
// were dropped. Make it a member, or a static beside the call:
//   static telemetry::LogEvery every(absl::Seconds(10));
//   every.Log(telemetry::Level::kError, "database unreachable", {{"error", status}});
class LogEvery {
 public:
  explicit LogEvery(absl::Duration interval, const Clock& clock = DefaultClock());

  void Log(Level level, std::string_view message, std::initializer_list<Field> fields = {});

 private:
  static const Clock& DefaultClock();

  const absl::Duration interval_;
  const Clock& clock_;
  std::atomic<int64_t> next_nanos_;
  std::atomic<int64_t> suppressed_ = 0;
};

}  // namespace lmsmail::telemetry
