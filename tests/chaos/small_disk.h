#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace lmsmail::chaos {

// A small disk in memory, which holds temporary files while this object lives. Only this process
// and its children see it, in a mount namespace, so that it disappears with them. Everything that
// uses the disk must be started by the thread that created it.
class SmallDisk {
 public:
  // Returns PERMISSION_DENIED if mounting is not allowed.
  static absl::StatusOr<std::unique_ptr<SmallDisk>> Mount();
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  SmallDisk(std::filesystem::path path, std::string previous_folder);

  const std::filesystem::path path_;
  const std::string previous_folder_;
};

// A file that takes all free space of a disk.
class DiskFiller {
 public:
  // Fills the disk of `folder`.
  static absl::StatusOr<DiskFiller> Fill(const std::filesystem::path& folder);
  ~DiskFiller() { Remove(); }
  DiskFiller(DiskFiller&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  DiskFiller& operator=(DiskFiller&&) = delete;

  void Remove();

 private:
  explicit DiskFiller(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;  // empty after the move
};

}  // namespace lmsmail::chaos
