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
  std::map<std::string, std::string> fields;  // values as in the text format, unquoted
};

// Collects every event of the process, of any level, instead of writing it, until destroyed.
// Captures nest: the innermost collects. Thread-safe.
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
