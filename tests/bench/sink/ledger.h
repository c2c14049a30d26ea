#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::sink {

// The list of accepted mails, one line each, appended to a file:
//   <microseconds since 1970> <250|unanswered> <Message-ID> <recipient>
// "unanswered" was taken, but the client was not told.
class Ledger {
 public:
  // Appends to the file at `path`. With a `domain`, only mail to it is listed.
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(const std::string& path, std::string domain);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void Add(absl::Time at, bool answered, std::string_view message_id, std::string_view recipient);
  // Hands what was added to the kernel: it survives the end of this process. Failing to write ends
  // the process, since a ledger with gaps proves nothing.
  void Flush();

 private:
  Ledger(int file, std::string domain) : file_(file), domain_(std::move(domain)) {}

  const int file_;
  const std::string domain_;
  std::string pending_;
};

}  // namespace lmsmail::sink
