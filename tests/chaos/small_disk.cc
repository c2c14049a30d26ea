#include "tests/chaos/small_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/chaos/own_mounts.h"

namespace lmsmail::chaos {
namespace {

constexpr char kSize[] = "size=400m,mode=755";

}  // namespace

absl::StatusOr<std::unique_ptr<SmallDisk>> SmallDisk::Mount() {
  std::string path = "/tmp/lmsmail-disk-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return absl::ErrnoToStatus(errno, path);
  const bool mounted = HaveOwnMounts() && ::mount("tmpfs", path.c_str(), "tmpfs", 0, kSize) == 0;
  if (!mounted) {
    const absl::Status status = absl::ErrnoToStatus(errno, "mounting a small disk");
    ::rmdir(path.c_str());
    return status;
  }
  const char* const previous = std::getenv("TMPDIR");
  ::setenv("TMPDIR", path.c_str(), 1);
  return std::unique_ptr<SmallDisk>(new SmallDisk(path, previous == nullptr ? "" : previous));
}

SmallDisk::SmallDisk(std::filesystem::path path, std::string previous_folder)
    : path_(std::move(path)), previous_folder_(std::move(previous_folder)) {}

SmallDisk::~SmallDisk() {
  if (previous_folder_.empty()) {
    ::unsetenv("TMPDIR");
  } else {
    ::setenv("TMPDIR", previous_folder_.c_str(), 1);
  }
  ::umount2(path_.c_str(), MNT_DETACH);
  ::rmdir(path_.c_str());
}

absl::StatusOr<DiskFiller> DiskFiller::Fill(const std::filesystem::path& folder) {
  DiskFiller filler(folder / "filler");
  const int file = ::open(filler.path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return absl::ErrnoToStatus(errno, filler.path_.string());
  const std::vector<char> block(1 << 20);
  for (std::size_t size = block.size(); size > 0;) {
    const ssize_t written = ::write(file, block.data(), size);
    if (written > 0) continue;
    size = written < 0 && errno == ENOSPC ? size / 2 : 0;
  }
  ::close(file);
  return filler;
}

void DiskFiller::Remove() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

}  // namespace lmsmail::chaos
