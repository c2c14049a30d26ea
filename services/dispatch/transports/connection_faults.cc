#include "services/dispatch/transports/connection_faults.h"

#include <string_view>
#include <utility>

#include "libs/smtp/outcome.h"
#include "libs/strings/view.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::dispatch {
namespace {

constexpr absl::Duration kLogInterval = absl::Minutes(1);

// What an operator should look at.
std::string_view RemedyFor(smtp::Fault fault) {
  switch (fault) {
    case smtp::Fault::kNameNotFound:
      return "check the transport's host for a misspelling, and this machine's name servers";
    case smtp::Fault::kRefused:
      return "check the transport's host and port, and whether the mail server runs";
    case smtp::Fault::kTimedOut:
      return "check that no firewall drops connections to this port (many networks block port 25), "
             "and that tls fits the port: implicit for 465, starttls for 587";
    case smtp::Fault::kUnreachable:
      return "check this machine's routes and firewall, and the addresses of the host's name";
    case smtp::Fault::kClosed:
      return "check that tls fits the port (implicit for 465, starttls for 587), and whether the "
             "server limits connections (max_connections) or blocks our address";
    case smtp::Fault::kStartTlsNotOffered:
      return "check the port (587 for STARTTLS, 465 with tls: implicit), and that nothing on the "
             "way strips STARTTLS; only a relay on this machine should have tls: none";
    case smtp::Fault::kCertificate:
      return "check ca_file, whether the certificate is for the transport's host (otherwise set "
             "tls_server_name), whether it has expired, and this machine's clock";
    case smtp::Fault::kTls:
      return "check that tls fits the port (implicit for 465, starttls for 587), and that the "
             "server speaks TLS 1.2 or later";
    case smtp::Fault::kReply:
      return "the server refuses sessions for now: see its reply, and lower max_connections if it "
             "has too many of ours";
    case smtp::Fault::kProtocol:
      return "check that the port is that of a mail server; set pipelining: off if replies do not "
             "fit the commands";
    case smtp::Fault::kLocal:
      return "this machine is out of file descriptors, ports or memory: check its limits";
    case smtp::Fault::kLogin:
    case smtp::Fault::kNone:
      break;
  }
  return "check the transport's username, password_file or token_file";
}

// The circuit breaker opens and says why.
bool IsLoggedByBreaker(smtp::Fault fault, const absl::Status& status) {
  const auto refused = smtp::ReplyOf(status);
  return fault == smtp::Fault::kLogin || (refused && refused->reply.permanent());
}

}  // namespace

ConnectionFaults::ConnectionFaults(std::string transport, std::string host, int port,
                                   const Clock& clock, Observer observer)
    : transport_(std::move(transport)),
      host_(std::move(host)),
      port_(port),
      clock_(clock),
      observer_(std::move(observer)) {}

void ConnectionFaults::OnConnection(const absl::Status& status) {
  if (status.ok()) return OnReady();
  const smtp::Fault fault = smtp::FaultOf(status);
  if (fault == smtp::Fault::kNone) return;
  if (observer_) observer_(transport_, fault);
  if (!IsLoggedByBreaker(fault, status)) OnFault(fault, status);
}

void ConnectionFaults::OnFault(smtp::Fault fault, const absl::Status& status) {
  const absl::Time now = clock_.Now();
  {
    absl::MutexLock lock(&mutex_);
    if (outage_) ++outage_->faults;
    if ((outage_ && outage_->fault == fault) || now < last_logged_ + kLogInterval) return;
    last_logged_ = now;
    if (!outage_) outage_ = Outage{.begin = now, .fault = fault, .faults = 1};
    outage_->fault = fault;
  }
  telemetry::LogWarning("no connection to the mail server", {{"transport", transport_},
                                                             {"host", host_},
                                                             {"port", port_},
                                                             {"cause", smtp::NameOf(fault)},
                                                             {"error", ToStd(status.message())},
                                                             {"remedy", RemedyFor(fault)}});
}

void ConnectionFaults::OnReady() {
  std::optional<Outage> over;
  {
    absl::MutexLock lock(&mutex_);
    over = std::exchange(outage_, std::nullopt);
  }
  if (!over) return;
  telemetry::LogInfo("connected to the mail server again",
                     {{"transport", transport_},
                      {"host", host_},
                      {"port", port_},
                      {"cause", smtp::NameOf(over->fault)},
                      {"faults", over->faults},
                      {"outage", absl::FormatDuration(clock_.Now() - over->begin)}});
}

}  // namespace lmsmail::dispatch
