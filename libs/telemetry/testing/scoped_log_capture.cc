#include "libs/telemetry/testing/scoped_log_capture.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/telemetry/log_format.h"
#include "libs/telemetry/log_output.h"

namespace lmsmail::telemetry {

class ScopedLogCapture::Output final : public LogOutput {
 public:
  Output() : previous_(ExchangeLogOutput(this)) {}
  ~Output() override { ExchangeLogOutput(previous_); }

  bool Enabled(Level) const override { return true; }

  void Write(Level level, std::string_view message, std::span<const Field> fields) override {
    LoggedEvent event{.level = level, .message = std::string(message), .fields = {}};
    for (const Field& field : fields) {
      event.fields[std::string(field.name)] = FormatValue(field.value);
    }
    absl::MutexLock lock(&mutex_);
    events_.push_back(std::move(event));
  }

  std::vector<LoggedEvent> events() const {
    absl::MutexLock lock(&mutex_);
    return events_;
  }

 private:
  LogOutput* const previous_;
  mutable absl::Mutex mutex_;
  std::vector<LoggedEvent> events_ ABSL_GUARDED_BY(mutex_);
};

ScopedLogCapture::ScopedLogCapture() : output_(std::make_unique<Output>()) {}
ScopedLogCapture::~ScopedLogCapture() = default;

std::vector<LoggedEvent> ScopedLogCapture::events() const { return output_->events(); }

}  // namespace lmsmail::telemetry
