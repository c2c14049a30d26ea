#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/telemetry/logging.h"

namespace lmsmail::telemetry {

struct LoggedEvent {
  Level level;
  std::string message;
  std::map<std::string, std::string> fields;  // values as the text format writes them, unquoted
};

// While it lives, every event of the process, whatever its level, is kept here and not written.
// Captures nest: the innermost gets the events. Thread-safe.
class ScopedLogCapture {
 public:
  ScopedLogCapture();
  ~ScopedLogCapture();
  ScopedLogCapture(const ScopedLogCapture&) = delete;
  ScopedLogCapture& operator=(const ScopedLogCapture&) = delete;

  std::vector<LoggedEvent> events() const;

 private:
  class Output;
  std::unique_ptr<Output> output_;
};

}  // namespace lmsmail::telemetry
