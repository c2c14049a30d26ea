#include "services/dispatch/transports/remedies.h"

namespace lmsmail::dispatch {

std::string_view RemedyFor(CircuitBreaker::Cause cause) {
  switch (cause) {
    case CircuitBreaker::Cause::kLogin:
      return "check the transport's username, password_file or token_file, tls and ehlo_name, or "
             "its api_key_file, region and domain, and whether the account is active; "
             "TestTransport closes the breaker";
    case CircuitBreaker::Cause::kQuota:
      return "the provider's sending quota is used up; mail goes on by itself when it is renewed";
    case CircuitBreaker::Cause::kSender:
      break;
  }
  return "check that the provider allows this sender address and domain (verification, SPF, DKIM, "
         "relaying) and whether our address is on a blocklist; TestTransport closes the breaker";
}

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
      return "check the transport's username, password_file or token_file, or its api_key_file";
    case smtp::Fault::kNone:
      break;
  }
  return "check the transport's host or base_url, and this machine's name servers, routes and "
         "firewall";
}

std::string_view RemedyFor(const absl::Status& failure) {
  const smtp::Fault fault = smtp::FaultOf(failure);
  const bool login = absl::IsUnauthenticated(failure) || absl::IsPermissionDenied(failure);
  return RemedyFor(fault == smtp::Fault::kNone && login ? smtp::Fault::kLogin : fault);
}

}  // namespace lmsmail::dispatch
