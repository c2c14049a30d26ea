#include "libs/rpc/target.h"

#include <gtest/gtest.h>

namespace lmsmail::rpc {
namespace {

TEST(TargetTest, KnowsThisMachine) {
  for (const char* target :
       {"127.0.0.1:7101", "localhost:7101", "[::1]:7101", "dns:localhost:7101",
        "dns:///localhost:7101", "dns://8.8.8.8/127.0.0.1:7101", "unix:/run/lmsmail.sock",
        "unix:///run/lmsmail.sock", "unix-abstract:x", "ipv4:127.0.0.1:1,127.0.0.2:2",
        "ipv6:[::1]:7101"}) {
    EXPECT_TRUE(IsOnThisMachine(target)) << target;
  }
}

TEST(TargetTest, KnowsOtherMachines) {
  for (const char* target :
       {"dispatch:7103", "10.0.0.7:7103", "dns:///dispatch:7103", "dns:///127.0.0.1.example:7103",
        "dns://127.0.0.1/dispatch:7103", "ipv4:127.0.0.1:1,10.0.0.2:2", "[2001:db8::1]:7103",
        "localhost.example:7103", "", "xds:///dispatch"}) {
    EXPECT_FALSE(IsOnThisMachine(target)) << target;
  }
}

}  // namespace
}  // namespace lmsmail::rpc
