#include "libs/service/base_config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::service {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kSecretDsn[] = "postgresql://lms:hunter2@localhost/lms";

absl::Status Load(BaseConfig& config, std::vector<const char*> flags) {
  config::Schema schema("demo", "1");
  config.Declare(schema);
  flags.insert(flags.begin(), "demo");
  const char* const environment[] = {nullptr};
  return schema
      .Load(static_cast<int>(flags.size()), flags.data(), environment,
            [](const std::string&) -> absl::StatusOr<std::string> { return kSecretDsn; })
      .status();
}

TEST(BaseConfigTest, ListensOnLoopbackByDefault) {
  BaseConfig config(7101, 9101);
  ASSERT_OK(Load(config, {"--postgres.dsn=dbname=lms"}));
  EXPECT_EQ(config.listen.ToString(), "127.0.0.1:7101");
  EXPECT_EQ(config.metrics_listen.ToString(), "127.0.0.1:9101");
  EXPECT_EQ(config.postgres.Dsn(), "dbname=lms");
}

// RFC 5321 lets a server take 10 minutes to answer for a mail.
TEST(BaseConfigTest, DrainingMayTakeLongerThanAMailServer) {
  BaseConfig config(0, 0);
  ASSERT_OK(Load(config, {"--postgres.dsn=dbname=lms", "--drain_timeout=11m"}));
  EXPECT_EQ(config.drain_timeout, absl::Minutes(11));
}

TEST(BaseConfigTest, AcceptsAPasswordInTheDsnFile) {
  BaseConfig config(0, 0);
  ASSERT_OK(Load(config, {"--postgres.dsn_file=/run/secrets/dsn"}));
  EXPECT_EQ(config.postgres.Dsn(), kSecretDsn);
}

TEST(BaseConfigTest, RefusesAKeyThatOthersMayRead) {
  const TemporaryFolder folder;
  folder.Write("key", "");
  std::filesystem::permissions(folder.path() / "key", std::filesystem::perms(0640));
  const std::string flag = "--tls.key=" + (folder.path() / "key").string();
  BaseConfig config(0, 0);
  EXPECT_THAT(Load(config, {"--postgres.dsn=dbname=lms", "--tls.certificate=/cert", flag.c_str()}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("tls.key"), HasSubstr("chmod go-rwx"))));
}

TEST(BaseConfigTest, RefusesIncompleteTlsFiles) {
  BaseConfig config(0, 0);
  EXPECT_THAT(
      Load(config, {"--postgres.dsn=dbname=lms", "--tls.key=/key", "--tls.client_authorities=/ca"}),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("tls.certificate"), HasSubstr("tls.client_authorities"))));
}

TEST(BaseConfigTest, RefusesToListenOffThisMachineWithoutTlsAndAuthentication) {
  for (const char* flag : {"--listen=0.0.0.0:7101", "--metrics_listen=[::]:9101"}) {
    BaseConfig config(0, 0);
    EXPECT_THAT(Load(config, {"--postgres.dsn=dbname=lms", flag}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("tls.certificate"), HasSubstr("auth.callers_file"),
                               HasSubstr("insecure: true"))))
        << flag;
    BaseConfig insecure(0, 0);
    EXPECT_OK(Load(insecure, {"--postgres.dsn=dbname=lms", flag, "--insecure=true"})) << flag;
  }
}

TEST(BaseConfigTest, AuthenticationAloneIsNotEnoughOffThisMachine) {
  const TemporaryFolder folder;
  folder.Write("callers.yaml", "callers: {lms: {roles: [sender], certificate: x.example}}\n");
  const std::string callers = "--auth.callers_file=" + (folder.path() / "callers.yaml").string();
  BaseConfig config(0, 0);
  EXPECT_THAT(
      Load(config, {"--postgres.dsn=dbname=lms", "--listen=0.0.0.0:7101", callers.c_str()}),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("tls.certificate"), Not(HasSubstr("needs auth.callers_file")))));
}

TEST(BaseConfigTest, ReportsErrorsOfTheCallersFile) {
  const TemporaryFolder folder;
  folder.Write("callers.yaml", "callers: {lms: {roles: [boss]}}\n");
  const std::string callers = "--auth.callers_file=" + (folder.path() / "callers.yaml").string();
  BaseConfig config(0, 0);
  EXPECT_THAT(Load(config, {"--postgres.dsn=dbname=lms", callers.c_str()}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("auth.callers_file"), HasSubstr("\"boss\" is no role"))));
}

TEST(BaseConfigTest, DescribesMethodsOnThisMachineOnlyUnlessAsked) {
  const auto has_reflection = [](std::vector<const char*> flags) {
    BaseConfig config(0, 0);
    flags.insert(flags.end(), {"--postgres.dsn=dbname=lms", "--insecure=true"});
    EXPECT_OK(Load(config, flags));
    return config.HasReflection();
  };
  EXPECT_TRUE(has_reflection({}));
  EXPECT_FALSE(has_reflection({"--listen=0.0.0.0:7101"}));
  EXPECT_TRUE(has_reflection({"--listen=0.0.0.0:7101", "--reflection=on"}));
  EXPECT_FALSE(has_reflection({"--reflection=off"}));
}

}  // namespace
}  // namespace lmsmail::service
