#include "libs/smtp/ehlo_name.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

namespace lmsmail::smtp {

namespace ip = boost::asio::ip;

namespace {

constexpr std::size_t kMaxDomain = 255;  // RFC 5321 section 4.5.3.1.2
constexpr std::size_t kMaxLabel = 63;    // RFC 1035 section 2.3.4
constexpr std::string_view kIpv6Tag = "IPv6:";

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
         });
}

std::string_view LastLabel(std::string_view domain) { return domain.substr(domain.rfind('.') + 1); }

bool IsNumber(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

bool IsAddressLiteral(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return false;
  text = text.substr(1, text.size() - 2);
  boost::system::error_code error;
  if (!text.starts_with(kIpv6Tag)) {
    ip::make_address_v4(text, error);
    return !error;
  }
  text.remove_prefix(kIpv6Tag.size());
  ip::make_address_v6(text, error);
  return !error && text.find('%') == std::string_view::npos;
}

// Names that a host has before anybody gave it one, and that no other host can look up.
bool IsPlaceholder(std::string_view domain) {
  const std::string_view last = LastLabel(domain);
  return last == "localhost" || last == "localdomain";
}

bool IsFullyQualified(std::string_view name) {
  return IsDomain(name) && name.find('.') != std::string_view::npos && !IsPlaceholder(name);
}

}  // namespace

bool IsDomain(std::string_view text) {
  if (text.empty() || text.size() > kMaxDomain || IsNumber(LastLabel(text))) return false;
  while (true) {
    const std::size_t dot = text.find('.');
    if (!IsLabel(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsServerName(std::string_view text) {
  boost::system::error_code error;
  ip::make_address(text, error);
  return !error || IsDomain(text);
}

bool IsEhloName(std::string_view text) { return IsDomain(text) || IsAddressLiteral(text); }

std::string AddressLiteral(const ip::address& address) {
  if (address.is_v4()) return "[" + address.to_string() + "]";
  ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) {
    return "[" + ip::make_address_v4(ip::v4_mapped, v6).to_string() + "]";
  }
  v6.scope_id(0);  // means nothing to another host
  return "[IPv6:" + v6.to_string() + "]";
}

std::string DefaultEhloName(std::string_view host_name, const ip::address& local) {
  return IsFullyQualified(host_name) ? std::string(host_name) : AddressLiteral(local);
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace lmsmail::smtp
