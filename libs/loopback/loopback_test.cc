#include "libs/loopback/loopback.h"

#include <gtest/gtest.h>

namespace lmsmail {
namespace {

TEST(IsLoopbackHostTest, KnowsTheNamesOfThisMachineOnly) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
  for (const char* host : {"", "127.attacker.example", "localhost.attacker.example", "128.0.0.1",
                           "10.0.0.1", "[::2]", "mail.school.example", "127.1"}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

}  // namespace
}  // namespace lmsmail
