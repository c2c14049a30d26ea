#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::gateway {

struct MailFile {
  int number = 0;  // in the order of arrival
  absl::Time arrived;
  std::filesystem::path path;
};

// The mails that deploy/inbox.py stores as files in one folder. Nothing is cached, because the
// folder changes at any time. Thread-safe.
class MailFiles {
 public:
  explicit MailFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // All of them, the latest first. A folder that does not exist yet is empty.
  absl::StatusOr<std::vector<MailFile>> List() const;
  // The content of a file. NOT_FOUND if there is no mail of that number, RESOURCE_EXHAUSTED if it
  // has more than 32 MB.
  absl::StatusOr<std::string> Read(int number) const;
  static absl::StatusOr<std::string> Read(const MailFile& file);

 private:
  std::filesystem::path folder_;
};

}  // namespace lmsmail::gateway
