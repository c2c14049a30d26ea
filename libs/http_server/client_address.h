#pragma once

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::http_server {

// Networks of proxies whose X-Forwarded-For is believed.
class TrustedProxies {
 public:
  // Each is an address or a network: "10.0.0.0/8", "fd00::/8", "192.0.2.1". INVALID_ARGUMENT for
  // anything else.
  static absl::StatusOr<TrustedProxies> Parse(const std::vector<std::string>& networks);

  // The client's numeric address, where `forwarded` is the list of X-Forwarded-For. Each trusted
  // proxy vouches for the address that it appended, so the list is read from its end, up to the
  // first address that is not a trusted proxy's. IPv4 in IPv6 is given as IPv4.
  std::string ClientAddress(boost::asio::ip::address peer, std::string_view forwarded) const;

 private:
  struct Network {
    std::string octets;  // of the address: 4 or 16
    int prefix_bits;
  };

  static std::optional<Network> ParseNetwork(std::string_view text);
  bool Contains(const boost::asio::ip::address& address) const;

  std::vector<Network> networks_;
};

}  // namespace lmsmail::http_server
