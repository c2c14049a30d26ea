#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace lmsmail::chaos {

// A disk in memory that can be filled without harm to anybody, where temporary files go as long as
// this object lives. Only this process and those it starts see it, so that it is gone with them
// whatever happens. The thread that makes it must be the one to start everything that uses it.
class SmallDisk {
 public:
  // PERMISSION_DENIED where mounting is not allowed.
  static absl::StatusOr<std::unique_ptr<SmallDisk>> Mount();
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  SmallDisk(std::filesystem::path path, std::string usual_folder);

  const std::filesystem::path path_;
  const std::string usual_folder_;
};

// A file that takes all the room there is on a disk.
class Ballast {
 public:
  // On the disk that `folder` is on.
  static absl::StatusOr<Ballast> Fill(const std::filesystem::path& folder);
  ~Ballast() { Remove(); }
  Ballast(Ballast&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  Ballast& operator=(Ballast&&) = delete;

  void Remove();

 private:
  explicit Ballast(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;  // empty: none
};

}  // namespace lmsmail::chaos
