#pragma once

#include <span>
#include <string_view>

#include "libs/telemetry/field.h"
#include "libs/telemetry/logging.h"

// The destination of events. Only for this library and its test support.
namespace lmsmail::telemetry {

class LogOutput {
 public:
  virtual ~LogOutput() = default;
  // Thread-safe.
  virtual bool Enabled(Level level) const = 0;
  virtual void Write(Level level, std::string_view message, std::span<const Field> fields) = 0;
};

// Replaces the output of the process with `output`, which is not owned; returns the previous one.
LogOutput* ExchangeLogOutput(LogOutput* output);

}  // namespace lmsmail::telemetry
