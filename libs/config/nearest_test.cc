#include "libs/config/nearest.h"

#include <gtest/gtest.h>

namespace lmsmail::config::internal {
namespace {

TEST(NearestTest, FindsTheClosestKey) {
  const std::vector<std::string> keys = {"smtp.host", "smtp.port", "listen"};
  EXPECT_EQ(Nearest("smtp.hots", keys), "smtp.host");
  EXPECT_EQ(Nearest("smtp.prot", keys), "smtp.port");
  EXPECT_EQ(Nearest("listne", keys), "listen");
}

TEST(NearestTest, ReturnsNothingWhenNoKeyIsClose) {
  EXPECT_EQ(Nearest("database", {"smtp.host", "listen"}), "");
  EXPECT_EQ(Nearest("x", {}), "");
}

}  // namespace
}  // namespace lmsmail::config::internal
