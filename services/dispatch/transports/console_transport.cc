#include "services/dispatch/transports/console_transport.h"

#include <fmt/format.h>

#include <utility>

#include "libs/telemetry/logging.h"

namespace lmsmail::dispatch {

void ConsoleTransport::Send(OutgoingMail mail, Done done) {
  DeliveryResult result;
  if (out_ == nullptr) {
    telemetry::LogInfo("mail neither sent nor printed, because logs are JSON",
                       {{"transport", info_.name}, {"bytes", mail.message.size()}});
    result.reply_text = "neither sent nor printed, because logs are JSON";
    return done(std::move(result));
  }
  {
    absl::MutexLock lock(&mutex_);
    // One write, so that log lines cannot interleave.
    const std::string text =
        fmt::format("----- mail to <{}>\r\n{}\r\n-----\r\n", mail.recipient, mail.message);
    if (std::fwrite(text.data(), 1, text.size(), out_) != text.size() || std::fflush(out_) != 0) {
      result.kind = DeliveryResult::Kind::kConnectionError;
      result.reply_text = "writing to standard output failed";
    }
  }
  if (result.kind == DeliveryResult::Kind::kAccepted) result.reply_text = "printed";
  done(std::move(result));
}

}  // namespace lmsmail::dispatch
