#include "libs/smtp/transaction.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "libs/smtp/envelope.h"
#include "libs/smtp/outcome.h"

namespace lmsmail::smtp {
namespace {

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

}  // namespace

Transaction::Transaction(Mail&& mail, absl::AnyInvocable<void(Result)>&& done)
    : mail_(std::move(mail)), done_(std::move(done)) {}

void Transaction::Return(Mail& mail, absl::AnyInvocable<void(Result)>& done) {
  mail = std::move(mail_);
  done = std::move(done_);
}

std::optional<Result> Transaction::Prepare() {
  if (!mail_.envelope_from.empty()) {
    absl::Status sender = CheckEnvelopeAddress("envelope_from", mail_.envelope_from);
    if (!sender.ok()) return RejectedLocally(501, "5.1.7", std::move(sender));
  }
  absl::Status recipient = CheckEnvelopeAddress("recipient", mail_.recipient);
  if (!recipient.ok()) return RejectedLocally(501, "5.1.3", std::move(recipient));
  absl::StatusOr<MessageScan> scan = ScanMessage(mail_.message);
  if (!scan.ok()) return RejectedLocally(554, "5.6.0", scan.status());
  scan_ = *std::move(scan);
  ascii_envelope_ = IsAscii(mail_.envelope_from) && IsAscii(mail_.recipient);
  return std::nullopt;
}

bool Transaction::NeedsSmtpUtf8() const { return mail_.needs_smtputf8 || !ascii_envelope_; }

// Codes: RFC 1870 section 6.1, RFC 6531 section 3.4 and RFC 6152 section 3.
std::optional<Result> Transaction::RejectionBy(const Capabilities& server) const {
  if (server.max_size != 0 && mail_.message.size() > server.max_size) {
    return RejectedLocally(552, "5.3.4",
                           absl::FailedPreconditionError(fmt::format(
                               "the message has {} octets, the server accepts at most {}; not sent",
                               mail_.message.size(), server.max_size)));
  }
  if (NeedsSmtpUtf8() && !server.smtputf8) {
    return RejectedLocally(
        550, "5.6.7",
        absl::FailedPreconditionError("the mail has a non-ASCII address or header and "
                                      "the server does not offer SMTPUTF8; not sent"));
  }
  if (scan_.has_8bit && !server.eight_bit_mime) {
    return RejectedLocally(
        554, "5.6.3",
        absl::FailedPreconditionError("the message holds 8-bit data and the server "
                                      "does not offer 8BITMIME; not sent"));
  }
  return std::nullopt;
}

void Transaction::AppendMail(const Capabilities& server, std::string& out) const {
  AppendMailCommand(
      mail_.envelope_from,
      {.size = mail_.message.size(), .smtputf8 = NeedsSmtpUtf8(), .eight_bit = scan_.has_8bit},
      server, out);
}

void Transaction::AppendRcpt(std::string& out) const { AppendRcptCommand(mail_.recipient, out); }

void Transaction::AppendMessage(std::vector<std::string_view>& pieces) const {
  AppendDotStuffed(mail_.message, scan_, pieces);
}

}  // namespace lmsmail::smtp
