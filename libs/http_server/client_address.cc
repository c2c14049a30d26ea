#include "libs/http_server/client_address.h"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

#include "libs/strings/view.h"

namespace lmsmail::http_server {
namespace {

namespace ip = boost::asio::ip;

ip::address Unmapped(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address;
}

std::optional<ip::address> ParseAddress(std::string_view text) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error || (address.is_v6() && address.to_v6().scope_id() != 0)) return {};
  return Unmapped(address);
}

std::string Octets(const ip::address& address) {
  const auto text = [](const auto& bytes) { return std::string(bytes.begin(), bytes.end()); };
  return address.is_v4() ? text(address.to_v4().to_bytes()) : text(address.to_v6().to_bytes());
}

bool HaveCommonPrefix(std::string_view a, std::string_view b, int bits) {
  const auto whole = static_cast<size_t>(bits / 8);
  if (a.substr(0, whole) != b.substr(0, whole)) return false;
  const int rest = bits % 8;
  return rest == 0 ||
         ((static_cast<unsigned char>(a[whole]) ^ static_cast<unsigned char>(b[whole])) >>
          (8 - rest)) == 0;
}

// An entry may have a port: "192.0.2.1:4711", "[2001:db8::1]:4711".
std::string_view WithoutPort(std::string_view entry) {
  if (entry.starts_with('[')) {
    const size_t end = entry.find(']');
    return end == std::string_view::npos ? entry : entry.substr(1, end - 1);
  }
  return std::ranges::count(entry, ':') == 1 ? entry.substr(0, entry.find(':')) : entry;
}

// Removes the last entry of the list from its end.
std::string_view TakeLast(std::string_view& list) {
  const size_t comma = list.rfind(',');
  const std::string_view entry = comma == std::string_view::npos ? list : list.substr(comma + 1);
  list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(entry)));
}

}  // namespace

std::optional<TrustedProxies::Network> TrustedProxies::ParseNetwork(std::string_view text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const auto address = ParseAddress(text.substr(0, slash));
  if (!address) return {};
  const int most = address->is_v4() ? 32 : 128;
  int bits = most;
  if (slash < text.size()) {
    const std::string_view digits = text.substr(slash + 1);
    if (!std::ranges::all_of(digits, absl::ascii_isdigit) ||
        !absl::SimpleAtoi(ToAbsl(digits), &bits) || bits > most) {
      return {};
    }
  }
  return Network{.octets = Octets(*address), .prefix_bits = bits};
}

absl::StatusOr<TrustedProxies> TrustedProxies::Parse(const std::vector<std::string>& networks) {
  TrustedProxies proxies;
  for (const std::string& text : networks) {
    auto network = ParseNetwork(text);
    if (!network) {
      return absl::InvalidArgumentError(fmt::format(
          "\"{}\" is not an address or a network such as 10.0.0.0/8 or fd00::/8", text));
    }
    proxies.networks_.push_back(*std::move(network));
  }
  return proxies;
}

bool TrustedProxies::Contains(const ip::address& address) const {
  const std::string octets = Octets(address);
  return std::ranges::any_of(networks_, [&](const Network& network) {
    return network.octets.size() == octets.size() &&
           HaveCommonPrefix(network.octets, octets, network.prefix_bits);
  });
}

std::string TrustedProxies::ClientAddress(ip::address peer, std::string_view forwarded) const {
  ip::address client = Unmapped(peer);
  while (!forwarded.empty() && Contains(client)) {
    const auto next = ParseAddress(WithoutPort(TakeLast(forwarded)));
    if (!next) break;
    client = *next;
  }
  return client.to_string();
}

}  // namespace lmsmail::http_server
