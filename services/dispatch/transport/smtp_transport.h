#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "libs/smtp/client.h"
#include "libs/smtp/options.h"
#include "services/dispatch/transport/transport.h"

namespace lmsmail::dispatch {

// Hands mails to a mail server over SMTP. Urgent mail has connections of its own, a quarter of all
// and at least one, so that it never stands behind the bulk.
class SmtpTransport final : public Transport {
 public:
  // Called with a mail's token before the last byte of it leaves; must not block.
  using DotObserver = std::function<void(std::uint64_t token)>;

  static absl::StatusOr<std::unique_ptr<SmtpTransport>> Create(std::string name,
                                                               SenderIdentity sender,
                                                               const smtp::Options& options,
                                                               DotObserver before_dot);

  const TransportInfo& info() const override { return info_; }
  const SenderIdentity& sender() const override { return sender_; }
  void Send(OutgoingMail mail, Done done) override;
  absl::StatusOr<std::string> Test() override;
  void Shutdown(absl::Duration grace) override;

 private:
  SmtpTransport(TransportInfo info, SenderIdentity sender, std::unique_ptr<smtp::Client> urgent,
                std::unique_ptr<smtp::Client> ordinary);

  const TransportInfo info_;
  const SenderIdentity sender_;
  const std::unique_ptr<smtp::Client> urgent_;
  const std::unique_ptr<smtp::Client> ordinary_;
};

}  // namespace lmsmail::dispatch
