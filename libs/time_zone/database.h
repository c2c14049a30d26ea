#pragma once

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/file_watch/file_watch.h"

// The IANA time zone database on this machine. Governments change it several times a year, and its
// package is updated while processes run.
namespace lmsmail::time_zone {

// The folder of the database: the environment variable TZDIR, or /usr/share/zoneinfo.
std::string DatabaseFolder();

// The version of the database, such as "2026a"; "unknown" when the folder does not tell.
std::string DatabaseVersion();

// How to spell `name`, which is a zone's name, so that Abseil, which keeps each spelling that it
// has loaded for ever, reads its file again after the database has changed.
std::string SpellingOf(std::string_view name);

// Looks whether the database was replaced. Thread-safe.
class DatabaseWatch {
 public:
  // Looks for the first time.
  explicit DatabaseWatch(absl::Time now);

  // Call it every minute or so. Returns whether zones are read again from now on.
  bool Refresh(absl::Time now);

 private:
  absl::Mutex mutex_;
  FileWatch files_ ABSL_GUARDED_BY(mutex_);
  // An update replaces one file after another, so zones are read once more at the next look.
  bool once_more_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace lmsmail::time_zone
