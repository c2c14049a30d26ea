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

// Structured logging to stderr: one event a line, a constant message plus fields that vary.
//
//   telemetry::LogInfo("batch sent", {{"lane", "bulk"}, {"count", 3}});
//
// No email address, token or template context goes into a field. Thread-safe.
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

// Call once, early in main(). Before it, events from kInfo up go to stderr as text.
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

// Lets one event through each `interval`, so that a storm of one error stays one line; the next
// line says in the field "suppressed" how many it stands for. A member or a static beside the call:
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
