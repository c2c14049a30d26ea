#include "services/gateway/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"
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

TEST(GatewayConfigTest, TheAdminListenerAnswersToItsAddressAndNames) {
  GatewayConfig config;
  ASSERT_OK(Load(config, {"--insecure=true", "--admin_listen=[fd00::1]:81",
                          "--admin.hosts=mail.school.example",
                          "--admin.origins=https://console.school.example"}));
  EXPECT_THAT(config.ToBrowserGuard().hosts, ElementsAre("mail.school.example", "[fd00::1]"));
  EXPECT_THAT(config.ToBrowserGuard().origins, ElementsAre("https://console.school.example"));
  for (const char* origin : {"*", "console.school.example", "https://console.school.example/"}) {
    GatewayConfig other;
    const std::string flag = std::string("--admin.origins=") + origin;
    EXPECT_THAT(Load(other, {flag.c_str()}), StatusIs(absl::StatusCode::kInvalidArgument))
        << origin;
  }
}

TEST(GatewayConfigTest, CallsOfTheJsonApiEndBeforeTheirRequests) {
  GatewayConfig config;
  ASSERT_OK(Load(config, {"--api.timeout=8m", "--api.stream_timeout=1m", "--api.max_calls=7",
                          "--api.max_stream_size=200MiB", "--report.target=[::1]:7105"}));
  const http_server::Options options = config.ToAdminServer();
  EXPECT_GT(options.limits.handler_time, absl::Minutes(8));
  EXPECT_GE(options.limits.total_body_bytes, int64_t{400} << 20);
  EXPECT_EQ(config.ToApi().max_calls, 7);
  EXPECT_EQ(config.ToApi().timeout, absl::Minutes(8));
  EXPECT_EQ(config.ToApi().max_stream_bytes, size_t{200} << 20);
  EXPECT_EQ(config.report.target, "[::1]:7105");
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

TEST(GatewayConfigTest, ReadsTheKeysOfReturnPaths) {
  GatewayConfig config;
  ASSERT_OK(Load(config, {}));
  EXPECT_FALSE(config.ToReturnPaths().has_value());
  const TemporaryFolder folder;
  const auto flag = [&](const char* name, const std::string& secrets) {
    folder.Write(name, secrets);
    return "--bounces.keys_file=" + (folder.path() / name).string();
  };
  GatewayConfig keyed;
  ASSERT_OK(Load(keyed, {flag("keys", "k1:" + std::string(64, 'a')).c_str()}));
  EXPECT_TRUE(keyed.ToReturnPaths().has_value());
  GatewayConfig broken;
  EXPECT_THAT(
      ViolationsOf(Load(broken, {flag("broken", "no key").c_str()})),
      ElementsAre(Field(&FieldViolation::field, ::testing::HasSubstr("bounces.keys_file"))));
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

TEST(GatewayConfigTest, TheAdminListenerAndTheMetricsNeedTlsAndAuthenticationOffThisMachine) {
  for (const char* flag : {"--admin_listen=0.0.0.0:8081", "--metrics_listen=0.0.0.0:9106"}) {
    GatewayConfig config;
    EXPECT_THAT(Load(config, {flag}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         testing::AllOf(testing::HasSubstr("admin.tls.certificate"),
                                        testing::HasSubstr("auth.callers_file"))))
        << flag;
  }
}

}  // namespace
}  // namespace lmsmail::gateway
