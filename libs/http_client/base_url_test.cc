#include "libs/http_client/base_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "libs/testing/status_matchers.h"

namespace lmsmail::http_client {
namespace {

TEST(ParseBaseUrlTest, ReturnsTheRootWithoutASlash) {
  ASSERT_OK_AND_ASSIGN(const BaseUrl plain, ParseBaseUrl("https://api.sendgrid.com"));
  EXPECT_EQ(plain.url, "https://api.sendgrid.com");
  EXPECT_EQ(plain.host, "api.sendgrid.com");
  EXPECT_EQ(plain.port, 443);
  ASSERT_OK_AND_ASSIGN(const BaseUrl proxy,
                       ParseBaseUrl("https://proxy.school.example:8443/sendgrid//"));
  EXPECT_EQ(proxy.url, "https://proxy.school.example:8443/sendgrid");
  EXPECT_EQ(proxy.port, 8443);
}

TEST(ParseBaseUrlTest, AllowsHttpForLoopbackOnly) {
  for (const std::string_view text :
       {"http://127.0.0.1:8025", "http://localhost:1", "http://[::1]:8025"}) {
    EXPECT_OK(ParseBaseUrl(text)) << text;
  }
  for (const std::string_view text :
       {"http://api.sendgrid.com", "http://10.0.0.1", "http://localhost.attacker.example",
        "http://[::2]", "http://127.attacker.example"}) {
    EXPECT_THAT(ParseBaseUrl(text),
                StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("https://")))
        << text;
  }
}

TEST(ParseBaseUrlTest, RefusesWhatIsNoRootOfAnApi) {
  for (const std::string_view text :
       {"", "api.sendgrid.com", "ftp://api.sendgrid.com", "https://", "https://a b/",
        "https://user:secret@api.sendgrid.com", "https://api.sendgrid.com?x=1",
        "https://api.sendgrid.com/#x", "file:///etc/passwd"}) {
    EXPECT_FALSE(ParseBaseUrl(text).ok()) << text;
  }
}

}  // namespace
}  // namespace lmsmail::http_client
