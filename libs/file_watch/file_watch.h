#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace lmsmail {

// Tells when files were replaced or rewritten, by looking at them at most once in an interval.
// Links are followed, so that it sees how Kubernetes replaces the files of a volume. Not
// thread-safe.
class FileWatch {
 public:
  // Looks for the first time. Make it before the files are read, so that no change is missed.
  FileWatch(std::vector<std::string> paths, absl::Duration interval, absl::Time now);

  // Whether any of the files is another one than at the look before, or there is one more or less.
  bool Changed(absl::Time now);

 private:
  struct Version {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    absl::Time change_time;

    bool operator==(const Version&) const = default;
  };
  std::vector<Version> Look() const;

  const std::vector<std::string> paths_;
  const absl::Duration interval_;
  absl::Time look_time_;
  std::vector<Version> seen_;
};

}  // namespace lmsmail
