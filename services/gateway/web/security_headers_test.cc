#include "services/gateway/web/security_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(SecurityHeadersTest, AllowOnlyTheStyleAndOwnForms) {
  const http_server::Headers headers = SecurityHeaders("'sha256-x'", false);
  EXPECT_THAT(std::string(headers.Get("Content-Security-Policy")),
              AllOf(HasSubstr("default-src 'none'"), HasSubstr("style-src 'sha256-x'"),
                    HasSubstr("form-action 'self'"), HasSubstr("base-uri 'none'"),
                    HasSubstr("frame-ancestors 'none'"), Not(HasSubstr("script"))));
  EXPECT_EQ(headers.Get("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(headers.Get("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(headers.Get("Cache-Control"), "no-store");
  EXPECT_EQ(headers.Get("X-Robots-Tag"), "noindex, nofollow");
}

TEST(SecurityHeadersTest, DemandHttpsOnlyWhereItIs) {
  EXPECT_FALSE(SecurityHeaders("'x'", false).Has("Strict-Transport-Security"));
  EXPECT_TRUE(SecurityHeaders("'x'", true).Has("Strict-Transport-Security"));
}

}  // namespace
}  // namespace lmsmail::gateway
