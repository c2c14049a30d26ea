#include "tests/fakes/ledger.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "absl/time/clock.h"

namespace lmsmail::fakes {

using nlohmann::json;

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return absl::ErrnoToStatus(errno, path);
  return std::unique_ptr<Ledger>(new Ledger(file));
}

Ledger::~Ledger() { ::close(file_); }

void Ledger::Append(const std::vector<Mail>& mails, bool answered) {
  const std::int64_t now = absl::ToUnixMicros(absl::Now());
  std::string lines;
  for (const Mail& mail : mails) {
    json line = {{"time_us", now},
                 {"answered", answered},
                 {"id", mail.id},
                 {"provider_id", mail.provider_id},
                 {"recipient", mail.recipient},
                 {"subject", mail.subject},
                 {"headers", mail.headers},
                 {"sha256", mail.sha256},
                 {"visible_recipients", mail.visible_recipients}};
    if (!mail.content.is_null()) line["content"] = mail.content;
    lines += line.dump(-1, ' ', false, json::error_handler_t::replace);
    lines += '\n';
  }
  // With O_APPEND, the lines of one write stay together.
  std::string_view left = lines;
  while (!left.empty()) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written != static_cast<ssize_t>(left.size())) {
      std::fprintf(stderr, "ledger: %s\n", std::strerror(errno));
      std::abort();
    }
    left = {};
  }
}

}  // namespace lmsmail::fakes
