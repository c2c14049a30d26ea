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

// A mail on its way through the client: what was learnt of it before sending, and how far it is.
class Transaction {
 public:
  Transaction(Mail&& mail, absl::AnyInvocable<void(Result)>&& done);

  // Scans the mail; the result when it can be sent to no server at all.
  std::optional<Result> Prepare();
  // The result when this server cannot take it: too large, or in need of an extension not offered.
  std::optional<Result> RefusalBy(const Capabilities& server) const;

  void AppendMail(const Capabilities& server, std::string& out) const;
  void AppendRcpt(std::string& out) const;
  // Pieces refer to this object.
  void AppendMessage(std::vector<std::string_view>& pieces) const;

  // Undoes the constructor.
  void Return(Mail& mail, absl::AnyInvocable<void(Result)>& done);

  bool MaySend() const { return !mail_.may_send || mail_.may_send(); }
  uint64_t token() const { return mail_.token; }
  void Finish(Result result) { done_(std::move(result)); }

  Phase phase = Phase::kNotStarted;
  int stale_connections = 0;  // how often a dead connection made it start again

 private:
  bool NeedsSmtpUtf8() const;

  Mail mail_;
  absl::AnyInvocable<void(Result)> done_;
  MessageScan scan_;
  bool ascii_envelope_ = true;
};

}  // namespace lmsmail::smtp
