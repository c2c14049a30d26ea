#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::sink {

// Appends one line for each accepted mail to a file:
//   <microseconds since 1970> <250|unanswered> <Message-ID> <recipient>
// "unanswered" means that the mail was accepted and the client got no reply.
class Ledger {
 public:
  // `domain` restricts the ledger to mail to that domain; empty for all mail.
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(const std::string& path, std::string domain);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void Add(absl::Time time, bool answered, std::string_view message_id, std::string_view recipient);
  // Writes the added lines to the file, so that they survive the end of this process. Aborts the
  // process if that fails, because a ledger with gaps proves nothing.
  void Flush();

 private:
  Ledger(int file, std::string domain) : file_(file), domain_(std::move(domain)) {}

  const int file_;
  const std::string domain_;
  std::string pending_;
};

}  // namespace lmsmail::sink
