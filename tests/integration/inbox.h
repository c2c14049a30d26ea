#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "tests/integration/arrived_mail.pb.h"
#include "tests/integration/process.h"

namespace lmsmail::integration {

// The SMTP server at the far end (deploy/inbox.py), and the mail it took.
class Inbox {
 public:
  // Keeps mail and files of its own in `folder`, which must exist.
  static absl::StatusOr<Inbox> Start(const std::filesystem::path& folder);

  int port() const { return port_; }

  // How much mail has arrived: all, or that to `address`.
  std::size_t Count() const { return Files({}).size(); }
  std::size_t CountTo(std::string_view address) const { return Files(address).size(); }

  // All mail to `address`, in order of arrival, once there are `count`.
  absl::StatusOr<std::vector<ArrivedMail>> WaitFor(std::string_view address,
                                                   std::size_t count) const;
  // The only mail to `address`, once it is there; INTERNAL if there are more.
  absl::StatusOr<ArrivedMail> WaitForOne(std::string_view address) const;
  // All that has arrived.
  absl::StatusOr<std::vector<ArrivedMail>> ReadAll() const;

  // Stops answering, as a server does that hangs: connections are made by the kernel, and no
  // greeting comes. Thaw() lets it go on.
  void Freeze() const;
  void Thaw() const;

 private:
  Inbox(Process server, std::filesystem::path folder, int port);

  // Of the mail to `address`, or of all when that is empty.
  std::vector<std::filesystem::path> Files(std::string_view address) const;
  absl::StatusOr<std::vector<ArrivedMail>> Read(
      const std::vector<std::filesystem::path>& files) const;

  Process server_;
  std::filesystem::path folder_;
  int port_;
};

}  // namespace lmsmail::integration
