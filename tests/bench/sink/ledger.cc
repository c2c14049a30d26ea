#include "tests/bench/sink/ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace lmsmail::sink {

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(const std::string& path, std::string domain) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return absl::ErrnoToStatus(errno, path);
  return std::unique_ptr<Ledger>(new Ledger(file, std::move(domain)));
}

Ledger::~Ledger() {
  Flush();
  ::close(file_);
}

void Ledger::Add(absl::Time time, bool answered, std::string_view message_id,
                 std::string_view recipient) {
  if (!domain_.empty() && recipient.substr(recipient.rfind('@') + 1) != domain_) return;
  fmt::format_to(std::back_inserter(pending_), "{} {} {} {}\n", absl::ToUnixMicros(time),
                 answered ? "250" : "unanswered", message_id.empty() ? "-" : message_id, recipient);
}

void Ledger::Flush() {
  std::string_view left = pending_;
  while (!left.empty()) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      std::fprintf(stderr, "ledger: %s\n", std::strerror(errno));
      std::abort();
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  pending_.clear();
}

}  // namespace lmsmail::sink
