#pragma once

#include <span>
#include <string_view>

#include "libs/telemetry/field.h"
#include "libs/telemetry/logging.h"

// Where events go. Only for this library and its test support.
namespace lmsmail::telemetry {

class LogOutput {
 public:
  virtual ~LogOutput() = default;
  // Thread-safe.
  virtual bool Enabled(Level level) const = 0;
  virtual void Write(Level level, std::string_view message, std::span<const Field> fields) = 0;
};

// Makes `output`, which is not owned, the process's; returns the one before.
LogOutput* ExchangeLogOutput(LogOutput* output);

}  // namespace lmsmail::telemetry
