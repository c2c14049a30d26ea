#include "libs/time_zone/database.h"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <vector>

namespace lmsmail::time_zone {
namespace {

// How often the database was replaced since this process started.
std::atomic<int> generation = 0;

// The folders change with any zone in them, the files tell the version.
std::vector<std::string> WatchedPaths() {
  const std::string folder = DatabaseFolder();
  std::vector<std::string> paths = {folder};
  for (const char* name :
       {"tzdata.zi", "+VERSION", "Africa", "America", "America/Argentina", "America/Indiana",
        "America/Kentucky", "America/North_Dakota", "Antarctica", "Arctic", "Asia", "Atlantic",
        "Australia", "Etc", "Europe", "Indian", "Pacific", "UTC"}) {
    paths.push_back(folder + "/" + name);
  }
  return paths;
}

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

std::string DatabaseFolder() {
  const char* const folder = std::getenv("TZDIR");
  return folder != nullptr && *folder == '/' ? folder : "/usr/share/zoneinfo";
}

std::string DatabaseVersion() {
  constexpr std::string_view kVersion = "# version ";
  std::string line = FirstLine(DatabaseFolder() + "/tzdata.zi");
  if (line.starts_with(kVersion)) return line.substr(kVersion.size());
  line = FirstLine(DatabaseFolder() + "/+VERSION");
  return line.empty() ? "unknown" : line;
}

std::string SpellingOf(std::string_view name) {
  const int times = generation.load(std::memory_order_relaxed);
  if (times == 0 || name == "UTC") return std::string(name);
  // Paths that differ by "./" name the same file.
  std::string path = DatabaseFolder() + "/";
  for (int i = 0; i < times; ++i) path += "./";
  return path.append(name);
}

DatabaseWatch::DatabaseWatch(absl::Time now) : files_(WatchedPaths(), absl::ZeroDuration(), now) {}

bool DatabaseWatch::Refresh(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  const bool changed = files_.Changed(now);
  if (!changed && !once_more_) return false;
  once_more_ = changed;
  generation.fetch_add(1, std::memory_order_relaxed);
  return true;
}

}  // namespace lmsmail::time_zone
