#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "tests/integration/suite/arrived_mail.pb.h"
#include "tests/integration/suite/process.h"

namespace lmsmail::integration {

// The receiving SMTP server (deploy/inbox.py) and the mail that it has accepted.
class Inbox {
 public:
  // Stores mail and its own files in `folder`, which must exist.
  static absl::StatusOr<Inbox> Start(const std::filesystem::path& folder);

  int port() const { return port_; }

  // The number of mails that have arrived: all, or those to `address`.
  std::size_t Count() const { return Files({}).size(); }
  std::size_t CountTo(std::string_view address) const { return Files(address).size(); }

  // Waits for `count` mails to `address`. Returns all mail to it in order of arrival.
  absl::StatusOr<std::vector<ArrivedMail>> WaitFor(std::string_view address,
                                                   std::size_t count) const;
  // Waits for the only mail to `address`. Returns INTERNAL if there are several.
  absl::StatusOr<ArrivedMail> WaitForOne(std::string_view address) const;
  // Returns all mail that has arrived.
  absl::StatusOr<std::vector<ArrivedMail>> ReadAll() const;

  // Suspends the server process, like a server that hangs: the kernel accepts connections, and no
  // greeting follows.
  void Suspend() const;
  void Resume() const;

 private:
  Inbox(Process server, std::filesystem::path folder, int port);

  // The files of the mail to `address`, or of all mail if `address` is empty.
  std::vector<std::filesystem::path> Files(std::string_view address) const;
  absl::StatusOr<std::vector<ArrivedMail>> Read(
      const std::vector<std::filesystem::path>& files) const;

  Process server_;
  std::filesystem::path folder_;
  int port_;
};

}  // namespace lmsmail::integration
