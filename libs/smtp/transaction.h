#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"

#include "libs/smtp/capabilities.h"
#include "libs/smtp/mail.h"
#include "libs/smtp/message_scan.h"

namespace lmsmail::smtp {

// A mail in the client, with what its check found and its progress.
class Transaction {
 public:
  Transaction(Mail&& mail, absl::AnyInvocable<void(Result)>&& done);

  // Checks the mail. Returns a result when no server could accept it.
  std::optional<Result> Prepare();
  // Returns a result when this server cannot accept the mail: it is too large or needs an extension
  // that is not offered.
  std::optional<Result> RejectionBy(const Capabilities& server) const;

  void AppendMail(const Capabilities& server, std::string& out) const;
  void AppendRcpt(std::string& out) const;
  // The pieces refer to this object.
  void AppendMessage(std::vector<std::string_view>& pieces) const;

  // Moves the mail and `done` back to the caller.
  void Return(Mail& mail, absl::AnyInvocable<void(Result)>& done);

  bool MaySend() const { return !mail_.may_send || mail_.may_send(); }
  uint64_t token() const { return mail_.token; }
  void Finish(Result result) { done_(std::move(result)); }

  Phase phase = Phase::kNotStarted;
  int stale_connections = 0;  // how often a dead connection caused a retry

 private:
  bool NeedsSmtpUtf8() const;

  Mail mail_;
  absl::AnyInvocable<void(Result)> done_;
  MessageScan scan_;
  bool ascii_envelope_ = true;
};

}  // namespace lmsmail::smtp
