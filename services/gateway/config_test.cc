#include "services/gateway/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "services/gateway/testing/webhook_signing.h"

namespace lmsmail::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;

absl::Status Load(GatewayConfig& config, std::vector<const char*> flags) {
  config::Schema schema("gateway", "test");
  config.Declare(schema);
  flags.insert(flags.begin(), "lmsmail-gateway");
  const char* const environment[] = {nullptr};
  return schema.Load(static_cast<int>(flags.size()), flags.data(), environment).status();
}

TEST(GatewayConfigTest, ListensOnLoopbackByDefault) {
  GatewayConfig config;
  ASSERT_OK(Load(config, {}));
  EXPECT_EQ(config.listen.ToString(), "127.0.0.1:8080");
  EXPECT_EQ(config.admin_listen.ToString(), "127.0.0.1:8081");
  EXPECT_EQ(config.metrics_listen.ToString(), "127.0.0.1:9106");
  EXPECT_FALSE(config.ToPublicServer().tls.has_value());
  EXPECT_FALSE(config.IsHttps());
}

TEST(GatewayConfigTest, PassesLimitsAndProxiesToThePublicServer) {
  GatewayConfig config;
  ASSERT_OK(Load(config, {"--listen=0.0.0.0:80", "--http.max_connections=7",
                          "--http.header_timeout=3s", "--http.trusted_proxies=10.0.0.0/8,::1"}));
  const http_server::Options options = config.ToPublicServer();
  EXPECT_EQ(options.host, "0.0.0.0");
  EXPECT_EQ(options.port, 80);
  EXPECT_EQ(options.limits.connections, 7);
  EXPECT_EQ(options.limits.header_time, absl::Seconds(3));
  EXPECT_THAT(options.trusted_proxies, ElementsAre("10.0.0.0/8", "::1"));
}

TEST(GatewayConfigTest, IsHttpsBehindAProxyThatEndsTls) {
  GatewayConfig config;
  ASSERT_OK(Load(config, {"--school.public_url=https://mail.school.example"}));
  EXPECT_TRUE(config.IsHttps());
}

TEST(GatewayConfigTest, ReadsTheKeysOfProviders) {
  GatewayConfig config;
  ASSERT_OK(Load(config, {}));
  EXPECT_FALSE(config.ToSendgridKeys().has_value());
  const std::string key = SendgridSigner().PublicKey();
  const std::string flag = "--webhooks.sendgrid.public_keys=" + key + "," + key;
  GatewayConfig keyed;
  ASSERT_OK(Load(keyed, {flag.c_str()}));
  EXPECT_TRUE(keyed.ToSendgridKeys().has_value());
  GatewayConfig broken;
  EXPECT_THAT(ViolationsOf(Load(broken, {"--webhooks.sendgrid.public_keys=secret"})),
              ElementsAre(Field(&FieldViolation::field,
                                ::testing::HasSubstr("webhooks.sendgrid.public_keys"))));
}

TEST(GatewayConfigTest, ReadsTheKeysOfTracking) {
  GatewayConfig config;
  ASSERT_OK(Load(config, {}));
  EXPECT_FALSE(config.ToTrackingLinks().has_value());
  EXPECT_FALSE(config.ToSite().tracking);
  config.tracking.keys = "k1:" + std::string(64, 'a');
  EXPECT_TRUE(config.ToTrackingLinks().has_value());
  EXPECT_TRUE(config.ToSite().tracking);
}

TEST(GatewayConfigTest, ReportsEveryViolation) {
  GatewayConfig config;
  EXPECT_THAT(
      ViolationsOf(Load(config, {"--school.public_url=http://mail.school.example",
                                 "--tls.certificate=/a.pem", "--preference.target="})),
      ElementsAre(Field(&FieldViolation::field, ::testing::HasSubstr("school.public_url")),
                  Field(&FieldViolation::field, ::testing::HasSubstr("tls.certificate")),
                  Field(&FieldViolation::field, ::testing::HasSubstr("preference.target"))));
}

}  // namespace
}  // namespace lmsmail::gateway
