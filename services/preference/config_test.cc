#include "services/preference/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::preference {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

constexpr char kKeys[] = "k1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n";

absl::Status Load(PreferenceConfig& config, std::vector<const char*> flags,
                  const std::string& keys = kKeys) {
  flags.insert(flags.begin(), "lmsmail-preference");
  const char* const environment[] = {nullptr};
  config::Schema schema("preference", "test");
  config.Declare(schema);
  return schema
      .Load(static_cast<int>(flags.size()), flags.data(), environment,
            [&](const std::string&) -> absl::StatusOr<std::string> { return keys; })
      .status();
}

TEST(PreferenceConfigTest, Defaults) {
  PreferenceConfig config;
  ASSERT_OK(Load(config, {"--keys_file=keys"}));
  const School school = config.ToSchool({});
  EXPECT_TRUE(school.quiet_hours.has_value());
  EXPECT_THAT(school.defaults.subscribed, ElementsAre(Category::kDemo, Category::kProgress,
                                                      Category::kContent, Category::kAnnouncement));
}

TEST(PreferenceConfigTest, ReadsDefaultsAndEmptyQuietHours) {
  PreferenceConfig config;
  ASSERT_OK(Load(config, {"--keys_file=keys", "--quiet_hours.start=", "--quiet_hours.end=",
                          "--defaults.subscribed=progress", "--defaults.consent_text=terms-3"}));
  const School school = config.ToSchool({});
  EXPECT_FALSE(school.quiet_hours.has_value());
  EXPECT_THAT(school.defaults.subscribed, ElementsAre(Category::kProgress));
  EXPECT_EQ(school.defaults.consent_text, "terms-3");
}

TEST(PreferenceConfigTest, ExplainsHowToCreateKeys) {
  PreferenceConfig config;
  EXPECT_THAT(ViolationsOf(Load(config, {})),
              ElementsAre(AllOf(
                  Field(&FieldViolation::field, "keys_file"),
                  Field(&FieldViolation::description, HasSubstr("openssl rand -base64 32")))));
}

TEST(PreferenceConfigTest, ReportsEveryViolation) {
  PreferenceConfig config;
  const auto violations = ViolationsOf(Load(config,
                                            {"--keys_file=keys", "--quiet_hours.start=9pm",
                                             "--quiet_hours.end=", "--defaults.subscribed=payment"},
                                            "too short"));
  for (const char* key :
       {"keys_file", "quiet_hours.start", "quiet_hours.end", "defaults.subscribed"}) {
    EXPECT_THAT(violations, Contains(Field(&FieldViolation::field, HasSubstr(key))));
  }
}

}  // namespace
}  // namespace lmsmail::preference
