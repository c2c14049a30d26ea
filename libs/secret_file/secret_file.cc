#include "libs/secret_file/secret_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace lmsmail {
namespace {

constexpr uid_t kRoot = 0;

bool IsMember(gid_t group) {
  if (group == getegid()) return true;
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0)));
  const int count = getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  return std::ranges::find(groups, group) != groups.end();
}

bool IsHandedOutByGroup(const struct stat& file) {
  return file.st_uid == kRoot && geteuid() != kRoot && (file.st_mode & S_IWGRP) == 0 &&
         IsMember(file.st_gid);
}

}  // namespace

absl::Status CheckSecretFile(const std::string& path) {
  struct stat file{};
  if (stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return absl::OkStatus();
  const bool by_group = (file.st_mode & S_IRWXG) != 0 && !IsHandedOutByGroup(file);
  const bool by_world = (file.st_mode & S_IRWXO) != 0;
  if (!by_group && !by_world) return absl::OkStatus();
  return absl::PermissionDeniedError(
      fmt::format("the file {} holds a secret but is open to {} (mode {:04o}): run chmod {} {}",
                  path, by_world ? "everybody" : "its group", file.st_mode & 07777,
                  IsHandedOutByGroup(file) ? "o-rwx" : "go-rwx", path));
}

}  // namespace lmsmail
