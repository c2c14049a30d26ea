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

TEST(Options, DefaultsNeedOnlyNames) { EXPECT_OK(Usable().Validate()); }

TEST(Options, EveryFaultIsNamed) {
  Options options;
  options.port = 0;
  options.max_connections = 0;
  options.thread_nice = 20;
  options.timeouts.final_dot = absl::ZeroDuration();
  EXPECT_THAT(options.Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("host"), HasSubstr("port"), HasSubstr("ehlo_name"),
                             HasSubstr("max_connections"), HasSubstr("thread_nice"),
                             HasSubstr("timeouts.final_dot"))));
}

TEST(Options, CredentialsDoNotTravelInTheClear) {
  Options options = Usable();
  options.credentials = {AuthMechanism::kPlain, "user", "secret"};
  EXPECT_THAT(options.Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("in the clear")));
  options.tls.mode = TlsMode::kStartTls;
  EXPECT_OK(options.Validate());
  options.tls.mode = TlsMode::kNone;
  options.allow_plaintext_credentials = true;
  EXPECT_OK(options.Validate());
}

TEST(Options, NothingInANameCanBecomeACommand) {
  Options options = Usable();
  options.ehlo_name = "x\r\nMAIL FROM:<evil@x>";
  EXPECT_THAT(options.Validate(), StatusIs(absl::StatusCode::kInvalidArgument));
  options = Usable();
  options.tls.mode = TlsMode::kStartTls;
  options.credentials = {AuthMechanism::kPlain, std::string("user\0x", 6), "secret"};
  EXPECT_THAT(options.Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("control characters")));
}

}  // namespace
}  // namespace lmsmail::smtp
