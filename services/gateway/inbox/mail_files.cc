#include "services/gateway/inbox/mail_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>
#include <string_view>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace lmsmail::gateway {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigits = 6;
constexpr std::int64_t kMaxSize = 32 << 20;  // what deploy/inbox.py accepts

// 17 for "000017-student@school.example.eml". A file that is still being written ends in ".part".
std::optional<int> NumberOf(const fs::path& path) {
  const std::string name = path.filename();
  int number = 0;
  if (name.size() <= kDigits || name[kDigits] != '-' || !name.ends_with(".eml") ||
      !std::all_of(name.begin(), name.begin() + kDigits, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(name.substr(0, kDigits), &number)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

absl::StatusOr<std::vector<MailFile>> MailFiles::List() const {
  std::vector<MailFile> files;
  std::error_code error;
  fs::directory_iterator entry(folder_, error);
  if (error == std::errc::no_such_file_or_directory) return files;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::optional<int> number = NumberOf(entry->path());
    struct stat status{};
    // A file may be deleted while the folder is read.
    if (!number || stat(entry->path().c_str(), &status) != 0) continue;
    files.push_back({*number, absl::TimeFromTimespec(status.st_mtim), entry->path()});
  }
  if (error) {
    return absl::UnavailableError(
        fmt::format("the inbox {} can't be read: {}", folder_.string(), error.message()));
  }
  std::ranges::sort(files, std::greater(), &MailFile::number);
  return files;
}

absl::StatusOr<std::string> MailFiles::Read(int number) const {
  const absl::StatusOr<std::vector<MailFile>> files = List();
  if (!files.ok()) return files.status();
  const auto found = std::ranges::find(*files, number, &MailFile::number);
  if (found == files->end()) {
    return absl::NotFoundError(fmt::format("the inbox has no mail {}", number));
  }
  return Read(*found);
}

absl::StatusOr<std::string> MailFiles::Read(const MailFile& file) {
  std::ifstream stream(file.path, std::ios::binary | std::ios::ate);
  const std::streamoff size = stream ? std::streamoff(stream.tellg()) : -1;
  if (size > kMaxSize) {
    return absl::ResourceExhaustedError(fmt::format("mail {} has {} bytes", file.number, size));
  }
  std::string content(static_cast<std::size_t>(std::max<std::streamoff>(size, 0)), '\0');
  if (size < 0 || !stream.seekg(0).read(content.data(), size)) {
    return absl::NotFoundError(fmt::format("mail {} can't be read", file.number));
  }
  return content;
}

}  // namespace lmsmail::gateway
