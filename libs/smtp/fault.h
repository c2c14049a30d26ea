#pragma once

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace lmsmail::smtp {

// Why there was no working session.
enum class Fault : uint8_t {
  kNone,
  kNameNotFound,        // the host's name has no address, or no name server answers
  kRefused,             // nothing listens on the port
  kTimedOut,            // no answer, before or after the connection was made
  kUnreachable,         // no route, or a firewall says no
  kClosed,              // the server or something between closed the connection
  kStartTlsNotOffered,  // or refused for good
  kCertificate,         // the server's certificate is not accepted
  kTls,                 // any other failure of TLS
  kReply,               // the server refuses the session
  kLogin,               // the server refuses the login, or there is nothing to log in with
  kProtocol,            // the server breaks SMTP
  kLocal,               // this host is out of descriptors, ports or memory
};

// In logs and metrics: "refused", "timed_out".
std::string_view NameOf(Fault fault);

// The fault behind an error of the operating system, the resolver or OpenSSL.
Fault FaultOfError(const boost::system::error_code& error);

// `status`, marked with its fault.
absl::Status WithFault(absl::Status status, Fault fault);

// The fault of an error that this library returned, by its mark, its reply or its code. kNone when
// it tells of no connection: OK, cancelled, or a mail that was refused.
Fault FaultOf(const absl::Status& status);

}  // namespace lmsmail::smtp
