#include "libs/smtp/ehlo_name.h"

#include <gtest/gtest.h>

#include <string>

namespace lmsmail::smtp {
namespace {

using boost::asio::ip::make_address;

TEST(EhloName, IsADomainOrAnAddressLiteral) {
  for (const char* const name :
       {"mail.school.example", "relay", "a-b.xn--schler-kva.example", "MX1.Example.COM",
        "1and1.example", "[192.0.2.1]", "[IPv6:2001:db8::1]", "[IPv6:::1]"}) {
    EXPECT_TRUE(IsEhloName(name)) << name;
  }
  const std::string long_label = std::string(64, 'a') + ".example";
  std::string long_name = "example";
  while (long_name.size() <= 255) long_name.insert(0, "labels.");
  for (const std::string& name : {std::string(),
                                  std::string("."),
                                  std::string("mail..example"),
                                  std::string(".example"),
                                  std::string("mail.example."),
                                  std::string("-mail.example"),
                                  std::string("mail-.example"),
                                  std::string("my_host.example"),
                                  std::string("mail example"),
                                  std::string("mail\r\nQUIT"),
                                  std::string("schüler.example"),
                                  std::string("192.0.2.1"),
                                  std::string("2001:db8::1"),
                                  std::string("[192.0.2]"),
                                  std::string("[192.0.2.256]"),
                                  std::string("[2001:db8::1]"),
                                  std::string("[IPv6:192.0.2.1]"),
                                  std::string("[IPv6:fe80::1%eth0]"),
                                  std::string("[]"),
                                  std::string("["),
                                  std::string("[mail.example]"),
                                  std::string("[192.0.2.1] "),
                                  long_label,
                                  long_name}) {
    EXPECT_FALSE(IsEhloName(name)) << name;
  }
}

TEST(EhloName, DefaultsToTheHostsFullyQualifiedName) {
  const auto local = make_address("192.0.2.7");
  EXPECT_EQ(DefaultEhloName("mail.school.example", local), "mail.school.example");
  for (const char* const host :
       {"", "mail", "localhost", "localhost.localdomain", "mail.localdomain", "mail.localhost",
        "my_host.example", "host.example.", "192.0.2.9", "3f2c1a9b7d10"}) {
    EXPECT_EQ(DefaultEhloName(host, local), "[192.0.2.7]") << host;
  }
}

TEST(EhloName, WritesAddressLiterals) {
  EXPECT_EQ(AddressLiteral(make_address("192.0.2.7")), "[192.0.2.7]");
  EXPECT_EQ(AddressLiteral(make_address("2001:db8::7")), "[IPv6:2001:db8::7]");
  EXPECT_EQ(AddressLiteral(make_address("fe80::1%2")), "[IPv6:fe80::1]");
  EXPECT_EQ(AddressLiteral(make_address("::ffff:192.0.2.7")), "[192.0.2.7]");
  for (const char* const text : {"192.0.2.7", "2001:db8::7", "fe80::1%2", "::1"}) {
    EXPECT_TRUE(IsEhloName(AddressLiteral(make_address(text)))) << text;
  }
}

}  // namespace
}  // namespace lmsmail::smtp
