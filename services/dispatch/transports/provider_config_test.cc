#include "services/dispatch/transports/provider_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"
#include "services/dispatch/config.h"

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class ProviderConfigTest : public testing::Test {
 protected:
  ProviderConfigTest() {
    folder_.Write("key", "SG.key\n");
    folder_.Write("keys", "k1:" + std::string(64, 'a'));
  }

  absl::Status Load(const std::vector<std::string>& keys) {
    config_ = DispatchConfig();
    config::Schema schema("dispatch", "test");
    config_.Declare(schema, base_);
    std::vector<std::string> flags = {"--keys_file=" + (folder_.path() / "keys").string()};
    for (const std::string& key : keys) flags.push_back("--transports.api." + key);
    std::vector<const char*> argv = {"lmsmail-dispatch"};
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    const char* const environment[] = {nullptr};
    return schema.Load(static_cast<int>(argv.size()), argv.data(), environment).status();
  }
  // The keys with violations, without their prefix.
  std::vector<std::string> Fields(const std::vector<std::string>& keys) {
    std::vector<std::string> fields;
    for (const FieldViolation& it : ViolationsOf(Load(keys))) {
      fields.push_back(it.field.substr(it.field.rfind('.') + 1));
    }
    return fields;
  }
  std::string Endpoint(const std::vector<std::string>& keys) {
    EXPECT_OK(Load(keys));
    const auto transports = config_.ToTransports({}, clock_, {});
    EXPECT_OK(transports);
    if (!transports.ok()) return "";
    const TransportInfo& info = (*transports)->Find("api")->info();
    return info.kind + " " + info.endpoint;
  }

  TemporaryFolder folder_;
  const std::string key_ = "api_key_file=" + (folder_.path() / "key").string();
  const FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  const service::BaseConfig base_{0, 0};
  DispatchConfig config_;
};

TEST_F(ProviderConfigTest, ReachesTheProviderInTheRegionOfTheAccount) {
  EXPECT_EQ(Endpoint({"kind=sendgrid", key_}), "sendgrid https://api.sendgrid.com");
  EXPECT_EQ(Endpoint({"kind=sendgrid", key_, "region=eu"}), "sendgrid https://api.eu.sendgrid.com");
  EXPECT_EQ(Endpoint({"kind=mailgun", key_, "domain=mg.school.example"}),
            "mailgun https://api.mailgun.net");
  EXPECT_EQ(Endpoint({"kind=mailgun", key_, "domain=mg.school.example", "region=eu"}),
            "mailgun https://api.eu.mailgun.net");
  EXPECT_EQ(Endpoint({"kind=sendgrid", key_, "base_url=http://127.0.0.1:8025/"}),
            "sendgrid http://127.0.0.1:8025");
}

TEST_F(ProviderConfigTest, MailForAProxyOnThisMachineDoesNotLeaveIt) {
  ASSERT_OK(Load({"kind=sendgrid", key_}));
  EXPECT_TRUE(config_.transports.at("api").LeavesThisMachine());
  ASSERT_OK(Load({"kind=sendgrid", key_, "base_url=http://127.0.0.1:8025"}));
  EXPECT_FALSE(config_.transports.at("api").LeavesThisMachine());
}

TEST_F(ProviderConfigTest, NamesEveryFaultAtOnce) {
  EXPECT_THAT(Fields({"kind=sendgrid"}), ElementsAre("api_key_file"));
  EXPECT_THAT(Fields({"kind=mailgun", key_}), ElementsAre("domain"));
  EXPECT_THAT(Fields({"kind=mailgun", key_, "domain=not a domain"}), ElementsAre("domain"));
  EXPECT_THAT(Fields({"kind=sendgrid", "api_key_file=/none", "domain=mg.school.example",
                      "base_url=http://api.sendgrid.com", "host=smtp.sendgrid.net",
                      "username=apikey", "envelope_from=b@school.example"}),
              UnorderedElementsAre("api_key_file", "domain", "base_url", "host", "username",
                                   "envelope_from"));
}

TEST_F(ProviderConfigTest, RefusesAKeyFileThatOthersMayRead) {
  std::filesystem::permissions(folder_.path() / "key", std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_THAT(Load({"kind=sendgrid", key_}).message(), HasSubstr("chmod"));
}

TEST_F(ProviderConfigTest, ReadsTheKeyAgain) {
  ASSERT_OK(Load({"kind=sendgrid", key_}));
  const ProviderConfig& provider = config_.transports.at("api").provider;
  EXPECT_THAT(provider.ReadApiKey(), IsOkAndHolds("SG.key"));
  folder_.Write("key", "  SG.next \r\n");
  EXPECT_THAT(provider.ReadApiKey(), IsOkAndHolds("SG.next"));
  for (const char* content : {"", "\n", "two keys", "SG.key\nX-Header: injected", "k\xc3\xa9y"}) {
    folder_.Write("key", content);
    EXPECT_THAT(provider.ReadApiKey(), StatusIs(absl::StatusCode::kFailedPrecondition)) << content;
  }
  std::filesystem::permissions(folder_.path() / "key", std::filesystem::perms(0640));
  EXPECT_THAT(provider.ReadApiKey(), StatusIs(absl::StatusCode::kPermissionDenied));
}

}  // namespace
}  // namespace lmsmail::dispatch
