#include "services/dispatch/transports/smtp_transport.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "services/dispatch/transports/reply_classification.h"
#include "services/dispatch/transports/thread_priority.h"

namespace lmsmail::dispatch {
namespace {

std::string_view NameOf(smtp::TlsMode mode) {
  switch (mode) {
    case smtp::TlsMode::kNone:
      return "no TLS";
    case smtp::TlsMode::kStartTls:
      return "STARTTLS";
    case smtp::TlsMode::kImplicit:
      return "TLS";
  }
  return "";
}

DeliveryResult::Kind KindOf(smtp::Result::Kind kind) {
  switch (kind) {
    case smtp::Result::Kind::kAccepted:
      return DeliveryResult::Kind::kAccepted;
    case smtp::Result::Kind::kRejectedTemporary:
    case smtp::Result::Kind::kRejectedPermanent:
      return DeliveryResult::Kind::kRefused;
    case smtp::Result::Kind::kConnectionError:
      return DeliveryResult::Kind::kConnectionError;
    case smtp::Result::Kind::kAmbiguous:
      return DeliveryResult::Kind::kAmbiguous;
    case smtp::Result::Kind::kCancelled:
      return DeliveryResult::Kind::kCancelled;
  }
  return DeliveryResult::Kind::kAmbiguous;
}

DeliveryResult ToDeliveryResult(smtp::Result result) {
  DeliveryResult delivery;
  delivery.kind = KindOf(result.kind);
  delivery.command = result.command;
  delivery.reply_code = result.code;
  delivery.enhanced_code = std::move(result.enhanced_code);
  delivery.reply_text =
      result.reply.empty() ? std::string(result.status.message()) : std::move(result.reply);
  const bool may_be_refused = delivery.kind == DeliveryResult::Kind::kRefused ||
                              delivery.kind == DeliveryResult::Kind::kConnectionError;
  if (may_be_refused && delivery.reply_code >= 400) {
    delivery.refusal = Classify({.command = delivery.command,
                                 .code = delivery.reply_code,
                                 .enhanced_code = delivery.enhanced_code,
                                 .text = delivery.reply_text});
  }
  return delivery;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SmtpTransport>> SmtpTransport::Create(
    std::string name, SenderIdentity sender, const smtp::Options& options, int shared_connections,
    DotObserver before_dot, ConnectionObserver connections) {
  const auto observer = [before_dot = std::move(before_dot)](std::uint64_t token,
                                                             smtp::Phase phase) {
    if (phase == smtp::Phase::kDotSent && before_dot) before_dot(token);
  };
  LMSMAIL_ASSIGN_OR_RETURN(auto urgent, smtp::Client::Create(options, observer, connections));
  smtp::Options low_priority = options;
  low_priority.thread_nice = kSmtpThreadNice;
  LMSMAIL_ASSIGN_OR_RETURN(auto ordinary, smtp::Client::Create(std::move(low_priority), observer,
                                                               std::move(connections)));
  TransportInfo info{
      std::move(name), "smtp",
      fmt::format("{}:{} ({})", options.host, options.port, NameOf(options.tls.mode))};
  return std::unique_ptr<SmtpTransport>(new SmtpTransport(
      std::move(info), std::move(sender), static_cast<int>(options.max_connections),
      shared_connections, std::move(urgent), std::move(ordinary)));
}

SmtpTransport::SmtpTransport(TransportInfo info, SenderIdentity sender, int max_connections,
                             int shared_connections, std::unique_ptr<smtp::Client> urgent,
                             std::unique_ptr<smtp::Client> ordinary)
    : info_(std::move(info)),
      sender_(std::move(sender)),
      max_connections_(max_connections),
      shared_connections_(shared_connections),
      urgent_(std::move(urgent)),
      ordinary_(std::move(ordinary)) {
  SetConnections(shared_connections_ > 0 ? 0 : max_connections_);
}

void SmtpTransport::SetConnections(int count) {
  const int allowed = std::min(count, max_connections_);
  const int urgent = std::min(allowed, std::max(1, allowed / 4));
  connections_ = allowed;
  urgent_->SetMaxConnections(static_cast<std::size_t>(urgent));
  ordinary_->SetMaxConnections(static_cast<std::size_t>(allowed - urgent));
}

void SmtpTransport::Send(OutgoingMail mail, Done done) {
  const int connections = connections_;
  smtp::Client& client = mail.urgent || connections == 1 ? *urgent_ : *ordinary_;
  smtp::Mail transaction{.token = mail.token,
                         .envelope_from = std::move(mail.envelope_from),
                         .recipient = std::move(mail.recipient),
                         .message = std::move(mail.message),
                         .needs_smtputf8 = mail.needs_smtputf8,
                         .may_send = std::move(mail.may_send)};
  // TrySend does not consume its arguments when it refuses, but `done` was moved into a lambda by
  // then.
  auto shared = std::make_shared<Done>(std::move(done));
  const bool accepted =
      connections > 0 &&
      client.TrySend(std::move(transaction), [shared](smtp::Result result) mutable {
        (*shared)(ToDeliveryResult(std::move(result)));
      });
  if (accepted) return;
  DeliveryResult busy;
  busy.kind = DeliveryResult::Kind::kBusy;
  busy.reply_text = connections > 0 ? "the queue of this transport is full"
                                    : "other replicas use all shared connections to this server";
  (*shared)(std::move(busy));
}

absl::StatusOr<std::string> SmtpTransport::Test(absl::Duration timeout) {
  LMSMAIL_ASSIGN_OR_RETURN(const smtp::ServerReport report, ordinary_->Check(timeout));
  return fmt::format("{}; {}; {}; offers {}", report.greeting,
                     report.tls.empty() ? "no TLS" : report.tls,
                     report.auth_mechanism.empty() ? "not authenticated"
                                                   : "authenticated by " + report.auth_mechanism,
                     fmt::join(report.capabilities, ", "));
}

void SmtpTransport::Shutdown(absl::Duration grace) {
  const absl::Time end = absl::Now() + grace;
  urgent_->Shutdown(grace);
  ordinary_->Shutdown(std::max(end - absl::Now(), absl::ZeroDuration()));
}

}  // namespace lmsmail::dispatch
