#include "libs/file_watch/file_watch.h"

#include <sys/stat.h>

#include <utility>

namespace lmsmail {

FileWatch::FileWatch(std::vector<std::string> paths, absl::Duration interval, absl::Time now)
    : paths_(std::move(paths)), interval_(interval), look_time_(now), seen_(Look()) {}

bool FileWatch::Changed(absl::Time now) {
  if (now - look_time_ < interval_) return false;
  look_time_ = now;
  std::vector<Version> found = Look();
  const bool changed = found != seen_;
  seen_ = std::move(found);
  return changed;
}

std::vector<FileWatch::Version> FileWatch::Look() const {
  std::vector<Version> versions;
  for (const std::string& path : paths_) {
    struct stat file{};
    Version version;
    if (stat(path.c_str(), &file) == 0) {
      version = {file.st_dev, file.st_ino, file.st_size, absl::TimeFromTimespec(file.st_mtim)};
    }
    versions.push_back(version);
  }
  return versions;
}

}  // namespace lmsmail
