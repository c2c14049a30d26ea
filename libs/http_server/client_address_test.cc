#include "libs/http_server/client_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace lmsmail::http_server {
namespace {

std::string AddressOf(const std::vector<std::string>& trusted, const std::string& peer,
                      std::string_view forwarded) {
  const auto proxies = TrustedProxies::Parse(trusted);
  EXPECT_OK(proxies);
  return proxies->ClientAddress(boost::asio::ip::make_address(peer), forwarded);
}

TEST(ClientAddressTest, IgnoresTheListOfOthers) {
  EXPECT_EQ(AddressOf({}, "192.0.2.1", "198.51.100.1"), "192.0.2.1");
  EXPECT_EQ(AddressOf({"10.0.0.0/8"}, "192.0.2.1", "198.51.100.1"), "192.0.2.1");
  EXPECT_EQ(AddressOf({"10.0.0.0/8"}, "10.1.2.3", ""), "10.1.2.3");
}

TEST(ClientAddressTest, ReadsTheListFromItsEnd) {
  const std::vector<std::string> trusted = {"10.0.0.0/8", "fd00::/8"};
  // The client has invented the first entry.
  EXPECT_EQ(AddressOf(trusted, "10.0.0.1", "203.0.113.9, 198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(AddressOf(trusted, "10.0.0.1", "203.0.113.9, 198.51.100.1, 10.9.9.9"), "198.51.100.1");
  EXPECT_EQ(AddressOf(trusted, "fd00::1", "2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(AddressOf(trusted, "10.0.0.1", "10.0.0.2,10.0.0.3"), "10.0.0.2");
}

TEST(ClientAddressTest, StopsAtWhatIsNoAddress) {
  const std::vector<std::string> trusted = {"10.0.0.0/8"};
  for (const std::string_view forwarded :
       {"203.0.113.9, unknown", "203.0.113.9,", "203.0.113.9, _hidden", "203.0.113.9, 1.2.3",
        "203.0.113.9, fe80::1%1", "203.0.113.9, <script>", "203.0.113.9, 1.2.3.4:5:6"}) {
    EXPECT_EQ(AddressOf(trusted, "10.0.0.1", forwarded), "10.0.0.1") << forwarded;
  }
}

TEST(ClientAddressTest, KnowsPortsAndMappedAddresses) {
  const std::vector<std::string> trusted = {"10.0.0.0/8", "::1"};
  EXPECT_EQ(AddressOf(trusted, "::1", "192.0.2.1:4711"), "192.0.2.1");
  EXPECT_EQ(AddressOf(trusted, "::1", "[2001:db8::1]:4711"), "2001:db8::1");
  EXPECT_EQ(AddressOf(trusted, "::1", "[2001:db8::1]"), "2001:db8::1");
  EXPECT_EQ(AddressOf(trusted, "::1", "::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(AddressOf(trusted, "::ffff:10.0.0.1", "192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(AddressOf({}, "::ffff:10.0.0.1", ""), "10.0.0.1");
}

TEST(ClientAddressTest, ComparesTheBitsOfThePrefix) {
  EXPECT_EQ(AddressOf({"10.16.0.0/12"}, "10.31.255.255", "192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(AddressOf({"10.16.0.0/12"}, "10.32.0.0", "192.0.2.1"), "10.32.0.0");
  EXPECT_EQ(AddressOf({"0.0.0.0/0"}, "203.0.113.1", "192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(AddressOf({"0.0.0.0/0"}, "2001:db8::1", "192.0.2.1"), "2001:db8::1");
  EXPECT_EQ(AddressOf({"192.0.2.7"}, "192.0.2.7", "192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(AddressOf({"192.0.2.7"}, "192.0.2.8", "192.0.2.1"), "192.0.2.8");
}

TEST(ClientAddressTest, RefusesWhatIsNoNetwork) {
  for (const std::string text : {"", "x", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8",
                                 "fd00::/129", "10.0.0", "localhost", "10.0.0.0/8 "}) {
    EXPECT_THAT(TrustedProxies::Parse({text}), StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

}  // namespace
}  // namespace lmsmail::http_server
