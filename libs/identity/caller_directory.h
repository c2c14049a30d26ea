#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/file_watch/file_watch.h"
#include "libs/identity/callers.h"

namespace lmsmail::identity {

// The callers of a file, which is read again when it changes. A file that became wrong is logged,
// and the callers before it stay. Thread-safe.
class CallerDirectory {
 public:
  // How long a change of the file may take to count.
  static constexpr absl::Duration kRefreshInterval = absl::Seconds(1);

  // INVALID_ARGUMENT with all errors of the file. `clock` must outlive the directory.
  static absl::StatusOr<std::unique_ptr<CallerDirectory>> Open(std::string path,
                                                               const Clock& clock);

  // See Callers::Find().
  absl::StatusOr<Caller> Find(const Credentials& credentials);

 private:
  CallerDirectory(std::string path, const Clock& clock)
      : path_(std::move(path)), clock_(clock), watch_({path_}, kRefreshInterval, clock.Now()) {}

  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<const Callers> Current(absl::Time now);

  const std::string path_;
  const Clock& clock_;
  absl::Mutex mutex_;
  FileWatch watch_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Callers> callers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::identity
