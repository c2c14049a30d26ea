#pragma once

#include <boost/asio/ip/address.hpp>

#include <string>
#include <string_view>

namespace lmsmail::smtp {

// Letters, digits and hyphens in labels between dots; one label is enough (RFC 5321 section 4.1.2).
bool IsDomain(std::string_view text);

// What a certificate may be for: a domain or an IP address.
bool IsServerName(std::string_view text);

// What EHLO may say: a domain, or an address literal such as [192.0.2.1] or [IPv6:2001:db8::1]
// (RFC 5321 section 4.1.3).
bool IsEhloName(std::string_view text);

std::string AddressLiteral(const boost::asio::ip::address& address);

// The name of a client that has none configured: `host_name` if it is fully qualified, otherwise
// the literal of the connection's local address (RFC 5321 section 4.1.4).
std::string DefaultEhloName(std::string_view host_name, const boost::asio::ip::address& local);

// What gethostname(2) says; empty when it fails.
std::string HostName();

}  // namespace lmsmail::smtp
