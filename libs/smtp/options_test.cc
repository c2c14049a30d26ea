#include "libs/smtp/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace lmsmail::smtp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Options Usable() {
  Options options;
  options.host = "mx.example";
  options.ehlo_name = "client.example";
  return options;
}

TEST(Options, DefaultsAreValid) { EXPECT_OK(Usable().Validate()); }

TEST(Options, ReportsEveryError) {
  Options options;
  options.port = 0;
  options.ehlo_name = "my host";
  options.max_connections = 0;
  options.thread_nice = 20;
  options.timeouts.final_dot = absl::ZeroDuration();
  EXPECT_THAT(options.Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("host"), HasSubstr("port"), HasSubstr("ehlo_name"),
                             HasSubstr("max_connections"), HasSubstr("thread_nice"),
                             HasSubstr("timeouts.final_dot"))));
}

TEST(Options, RefusesCredentialsWithoutTls) {
  Options options = Usable();
  options.credentials = {.username = "user", .password = "secret"};
  EXPECT_THAT(options.Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("in the clear")));
  options.tls.mode = TlsMode::kStartTls;
  EXPECT_OK(options.Validate());
  options.tls.mode = TlsMode::kNone;
  options.credentials = {.username = "user", .token_file = "/run/token"};
  EXPECT_THAT(options.Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("in the clear")));
  options.allow_plaintext_credentials = true;
  EXPECT_OK(options.Validate());
}

TEST(Options, CredentialsAreEitherAPasswordOrATokenFile) {
  Options options = Usable();
  options.tls.mode = TlsMode::kStartTls;
  options.credentials = {.username = "user", .token_file = "/run/token"};
  EXPECT_OK(options.Validate());
  options.credentials->password = "secret";
  EXPECT_THAT(options.Validate(), StatusIs(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("either a password or a token_file")));
  options.credentials = {.username = "user"};
  EXPECT_THAT(options.Validate(), StatusIs(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("either a password or a token_file")));
}

TEST(Options, TheMechanismFitsTheCredentials) {
  Options options = Usable();
  options.tls.mode = TlsMode::kStartTls;
  const Credentials password = {.username = "user", .password = "secret"};
  const Credentials token = {.username = "user", .token_file = "/run/token"};
  for (const auto mechanism : {AuthMechanism::kPlain, AuthMechanism::kLogin,
                               AuthMechanism::kOAuthBearer, AuthMechanism::kXOAuth2}) {
    const bool for_token =
        mechanism == AuthMechanism::kOAuthBearer || mechanism == AuthMechanism::kXOAuth2;
    options.credentials = password;
    options.credentials->mechanism = mechanism;
    EXPECT_EQ(options.Validate().ok(), !for_token);
    options.credentials = token;
    options.credentials->mechanism = mechanism;
    EXPECT_EQ(options.Validate().ok(), for_token);
  }
}

TEST(Options, ServerNamesAreDomainsOrAddresses) {
  Options options = Usable();
  for (const char* const good : {"", "mx.example", "192.0.2.1", "2001:db8::1"}) {
    options.tls.server_name = good;
    EXPECT_OK(options.Validate()) << good;
  }
  for (const char* const bad : {"mx.example:25", "https://mx.example", "mx example", "*.example"}) {
    options.tls.server_name = bad;
    EXPECT_THAT(options.Validate(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("tls.server_name")))
        << bad;
  }
}

TEST(Options, RefusesNamesThatCouldBecomeCommands) {
  Options options = Usable();
  options.ehlo_name = "x\r\nMAIL FROM:<evil@x>";
  EXPECT_THAT(options.Validate(), StatusIs(absl::StatusCode::kInvalidArgument));
  options = Usable();
  options.tls.mode = TlsMode::kStartTls;
  options.credentials = {.username = std::string("user\0x", 6), .password = "secret"};
  EXPECT_THAT(options.Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("control characters")));
}

}  // namespace
}  // namespace lmsmail::smtp
