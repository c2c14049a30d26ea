#include "libs/smtp/fault.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <string>

#include "absl/strings/cord.h"

#include "libs/smtp/command.h"
#include "libs/smtp/outcome.h"

namespace lmsmail::smtp {

namespace {

constexpr char kPayload[] = "lmsmail.smtp.fault";  // the enumerator's value, one byte

Fault FaultOfReply(const CommandReply& refused) {
  const bool permanent = refused.reply.permanent();
  if (refused.command == Command::kAuth && permanent) return Fault::kLogin;
  if (refused.command == Command::kStartTls && permanent) return Fault::kStartTlsNotOffered;
  return permanent || refused.reply.temporary() ? Fault::kReply : Fault::kProtocol;
}

}  // namespace

std::string_view NameOf(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      return "none";
    case Fault::kNameNotFound:
      return "name_not_found";
    case Fault::kRefused:
      return "refused";
    case Fault::kTimedOut:
      return "timed_out";
    case Fault::kUnreachable:
      return "unreachable";
    case Fault::kClosed:
      return "closed";
    case Fault::kStartTlsNotOffered:
      return "starttls_not_offered";
    case Fault::kCertificate:
      return "certificate";
    case Fault::kTls:
      return "tls";
    case Fault::kReply:
      return "reply";
    case Fault::kLogin:
      return "login";
    case Fault::kProtocol:
      return "protocol";
    case Fault::kLocal:
      return "local";
  }
  return "";
}

Fault FaultOfError(const boost::system::error_code& error) {
  namespace errc = boost::system::errc;
  if (error.category() == boost::asio::error::get_netdb_category() ||
      error.category() == boost::asio::error::get_addrinfo_category()) {
    return Fault::kNameNotFound;
  }
  if (error == errc::connection_refused) return Fault::kRefused;
  if (error == errc::timed_out) return Fault::kTimedOut;
  // A host without IPv6 answers EADDRNOTAVAIL or EAFNOSUPPORT, a local firewall EPERM or EACCES.
  for (const errc::errc_t unreachable :
       {errc::network_unreachable, errc::host_unreachable, errc::network_down,
        errc::address_not_available, errc::address_family_not_supported,
        errc::operation_not_permitted, errc::permission_denied}) {
    if (error == unreachable) return Fault::kUnreachable;
  }
  for (const errc::errc_t local :
       {errc::too_many_files_open, errc::too_many_files_open_in_system, errc::no_buffer_space,
        errc::not_enough_memory, errc::resource_unavailable_try_again}) {
    if (error == local) return Fault::kLocal;
  }
  if (error.category() == boost::asio::error::get_ssl_category()) return Fault::kTls;
  return Fault::kClosed;
}

absl::Status WithFault(absl::Status status, Fault fault) {
  status.SetPayload(kPayload, absl::Cord(std::string(1, static_cast<char>(fault))));
  return status;
}

Fault FaultOf(const absl::Status& status) {
  if (const auto payload = status.GetPayload(kPayload)) {
    return static_cast<Fault>(std::string(*payload).at(0));
  }
  if (const auto refused = ReplyOf(status)) return FaultOfReply(*refused);
  switch (status.code()) {
    case absl::StatusCode::kDeadlineExceeded:
      return Fault::kTimedOut;
    case absl::StatusCode::kUnavailable:
      return Fault::kClosed;
    case absl::StatusCode::kInternal:
      return Fault::kProtocol;
    default:
      return Fault::kNone;
  }
}

}  // namespace lmsmail::smtp
