#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "libs/smtp/client.h"
#include "libs/smtp/options.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// Delivers mail to a mail server over SMTP. A quarter of the connections, and at least one, is
// reserved for urgent mail, so that it never queues behind bulk mail. A single connection serves
// both.
class SmtpTransport final : public Transport {
 public:
  // Called with a mail's token before its last byte is sent. Must not block.
  using DotObserver = std::function<void(std::uint64_t token)>;

  using ConnectionObserver = smtp::Client::ConnectionObserver;

  // The observers may be empty.
  static absl::StatusOr<std::unique_ptr<SmtpTransport>> Create(
      std::string name, SenderIdentity sender, const smtp::Options& options, int shared_connections,
      DotObserver before_dot, ConnectionObserver connections);

  const TransportInfo& info() const override { return info_; }
  const SenderIdentity& sender() const override { return sender_; }
  int shared_connections() const override { return shared_connections_; }
  void SetConnections(int count) override;
  void Send(OutgoingMail mail, Done done) override;
  absl::StatusOr<std::string> Test(absl::Duration timeout) override;
  void Shutdown(absl::Duration grace) override;

 private:
  SmtpTransport(TransportInfo info, SenderIdentity sender, int max_connections,
                int shared_connections, std::unique_ptr<smtp::Client> urgent,
                std::unique_ptr<smtp::Client> ordinary);

  const TransportInfo info_;
  const SenderIdentity sender_;
  const int max_connections_;  // of this replica
  const int shared_connections_;
  std::atomic<int> connections_;
  const std::unique_ptr<smtp::Client> urgent_;
  const std::unique_ptr<smtp::Client> ordinary_;
};

}  // namespace lmsmail::dispatch
