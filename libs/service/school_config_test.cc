#include "libs/service/school_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "libs/service/base_config.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::service {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

absl::Status Load(BaseConfig& config, std::vector<const char*> flags) {
  config::Schema schema("demo", "1");
  config.Declare(schema);
  flags.insert(flags.begin(), {"demo", "--postgres.dsn=dbname=lms"});
  const char* const environment[] = {nullptr};
  return schema.Load(static_cast<int>(flags.size()), flags.data(), environment).status();
}

TEST(SchoolConfigTest, HasDefaultsForAllKeys) {
  BaseConfig config(0, 0);
  ASSERT_OK(Load(config, {}));
  EXPECT_EQ(config.school.name, "LMS");
  EXPECT_EQ(config.school.url, "http://127.0.0.1:8080");
  EXPECT_EQ(config.school.language_code, "en");
  EXPECT_EQ(config.school.time_zone, "UTC");
}

TEST(SchoolConfigTest, IsReadFromTheBaseConfiguration) {
  BaseConfig config(0, 0);
  ASSERT_OK(Load(config, {"--school.name=Lund", "--school.url=https://learn.example",
                          "--school.postal_address=1 Example Street",
                          "--school.language_code=pt-BR", "--school.time_zone=Europe/Berlin"}));
  EXPECT_EQ(config.school.name, "Lund");
  EXPECT_EQ(config.school.url, "https://learn.example");
  EXPECT_EQ(config.school.postal_address, "1 Example Street");
  EXPECT_EQ(config.school.language_code, "pt-BR");
  EXPECT_EQ(config.school.time_zone, "Europe/Berlin");
}

TEST(SchoolConfigTest, ReportsInvalidUrlLanguageAndTimeZone) {
  BaseConfig config(0, 0);
  EXPECT_THAT(
      ViolationsOf(Load(config, {"--school.url=learn.example", "--school.language_code=english!",
                                 "--school.time_zone=Berlin"})),
      ElementsAre(Field(&FieldViolation::field, HasSubstr("school.url")),
                  Field(&FieldViolation::field, HasSubstr("school.language_code")),
                  Field(&FieldViolation::field, HasSubstr("school.time_zone"))));
}

TEST(SchoolConfigTest, PublicUrlIsHttpsUnlessOnLoopback) {
  for (const char* flag :
       {"--school.public_url=https://mail.school.example", "--school.public_url=https://a:8443/m",
        "--school.public_url=http://127.0.0.1:8080", "--school.public_url=http://localhost"}) {
    BaseConfig config(0, 0);
    EXPECT_OK(Load(config, {flag})) << flag;
    EXPECT_EQ(config.school.HasLocalLinks(),
              !std::string_view(flag).starts_with("--school.public_url=https"))
        << flag;
  }
  for (const char* flag :
       {"--school.public_url=", "--school.public_url=http://mail.school.example",
        "--school.public_url=http://127.0.0.1.school.example",
        "--school.public_url=http://localhost@school.example",
        "--school.public_url=http://[2001:db8::1]", "--school.public_url=https://",
        "--school.public_url=https://a/", "--school.public_url=https://a?b",
        "--school.public_url=mail.school.example", "--school.public_url=ftp://a",
        "--school.public_url=https://a b"}) {
    BaseConfig config(0, 0);
    EXPECT_THAT(ViolationsOf(Load(config, {flag})),
                ElementsAre(Field(&FieldViolation::field, HasSubstr("school.public_url"))))
        << flag;
  }
}

TEST(SchoolConfigTest, ChecksWhatMailShows) {
  BaseConfig config(0, 0);
  ASSERT_OK(Load(config, {"--school.logo_url=https://learn.example/logo.png",
                          "--school.color=#1A2b3c", "--school.reply_to=office@learn.example",
                          "--school.support_address=help@learn.example"}));
  EXPECT_EQ(config.school.color, "#1A2b3c");
  EXPECT_THAT(
      ViolationsOf(Load(config, {"--school.logo_url=logo.png", "--school.color=red",
                                 "--school.reply_to=office", "--school.support_address=@"})),
      ElementsAre(Field(&FieldViolation::field, HasSubstr("school.logo_url")),
                  Field(&FieldViolation::field, HasSubstr("school.color")),
                  Field(&FieldViolation::field, HasSubstr("school.reply_to")),
                  Field(&FieldViolation::field, HasSubstr("school.support_address"))));
}

}  // namespace
}  // namespace lmsmail::service
