#include "libs/telemetry/logging.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

#include "libs/telemetry/log_format.h"
#include "libs/telemetry/log_output.h"

namespace lmsmail::telemetry {
namespace {

spdlog::level::level_enum SpdlogLevel(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::atomic<bool> logs_are_json = false;

bool IsJson(LogFormat format) {
  return format == LogFormat::kJson || (format == LogFormat::kAuto && isatty(STDERR_FILENO) == 0);
}

// spdlog filters, locks and writes; the lines are ready-made, since its patterns know no fields.
class StderrOutput final : public LogOutput {
 public:
  explicit StderrOutput(const LoggingOptions& options)
      : service_(options.service),
        json_(IsJson(options.format)),
        logger_("stderr", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_pattern("%v");
    logger_.set_level(SpdlogLevel(options.level));
    logger_.flush_on(spdlog::level::debug);
  }

  bool Enabled(Level level) const override { return logger_.should_log(SpdlogLevel(level)); }

  void Write(Level level, std::string_view message, std::span<const Field> fields) override {
    const absl::Time now = absl::Now();
    const std::string line = json_ ? FormatJson(now, level, service_, message, fields)
                                   : FormatText(now, level, message, fields);
    logger_.log(SpdlogLevel(level), line);
  }

 private:
  const std::string service_;
  const bool json_;
  spdlog::logger logger_;
};

std::atomic<LogOutput*>& CurrentOutput() {
  // Never destroyed: threads may log while the process exits.
  static auto* const initial =
      std::make_unique<StderrOutput>(
          LoggingOptions{.service = "", .level = Level::kInfo, .format = LogFormat::kText})
          .release();
  static std::atomic<LogOutput*> current = initial;
  return current;
}

}  // namespace

LogOutput* ExchangeLogOutput(LogOutput* output) { return CurrentOutput().exchange(output); }

bool LogsAreJson() { return logs_are_json; }

void InitLogging(const LoggingOptions& options) {
  logs_are_json = IsJson(options.format);
  // Never destroyed, like the previous output.
  ExchangeLogOutput(std::make_unique<StderrOutput>(options).release());
}

bool LogEnabled(Level level) { return CurrentOutput().load()->Enabled(level); }

void Log(Level level, std::string_view message, std::span<const Field> fields) {
  LogOutput* const output = CurrentOutput().load();
  if (output->Enabled(level)) output->Write(level, message, fields);
}

LogEvery::LogEvery(absl::Duration interval, const Clock& clock)
    : interval_(interval), clock_(clock), next_nanos_(std::numeric_limits<int64_t>::min()) {}

const Clock& LogEvery::DefaultClock() {
  static const SystemClock clock;
  return clock;
}

void LogEvery::Log(Level level, std::string_view message, std::initializer_list<Field> fields) {
  const absl::Time now = clock_.Now();
  int64_t next = next_nanos_.load();
  if (now < absl::FromUnixNanos(next) ||
      !next_nanos_.compare_exchange_strong(next, absl::ToUnixNanos(now + interval_))) {
    ++suppressed_;
    return;
  }
  std::vector<Field> all(fields);
  if (const int64_t suppressed = suppressed_.exchange(0); suppressed > 0) {
    all.push_back({"suppressed", suppressed});
  }
  telemetry::Log(level, message, std::span<const Field>(all));
}

}  // namespace lmsmail::telemetry
