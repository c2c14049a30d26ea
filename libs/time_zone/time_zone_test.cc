#include "libs/time_zone/time_zone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "libs/status/error_details.h"
#include "libs/strings/view.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::time_zone {
namespace {

using ::testing::HasSubstr;

TEST(TimeZoneTest, LoadsNamesOfIanaDatabase) {
  for (const std::string_view name : {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires",
                                      "America/Port-au-Prince", "Etc/GMT+5", "US/Eastern"}) {
    ASSERT_OK_AND_ASSIGN(const absl::TimeZone zone, Load(name));
    EXPECT_EQ(zone.name(), name);
    EXPECT_TRUE(IsValid(name));
  }
}

TEST(TimeZoneTest, NamesAreValidInWhateverCase) {
  EXPECT_THAT(CanonicalName("europe/berlin"), IsOkAndHolds("Europe/Berlin"));
  EXPECT_THAT(CanonicalName("AMERICA/PORT-AU-PRINCE"), IsOkAndHolds("America/Port-au-Prince"));
  EXPECT_THAT(CanonicalName("utc"), IsOkAndHolds("UTC"));
  EXPECT_THAT(CanonicalName("Europe/Berlin"), IsOkAndHolds("Europe/Berlin"));
  EXPECT_FALSE(CanonicalName("posixrules").ok());
  EXPECT_FALSE(CanonicalName("right/utc").ok());
}

TEST(TimeZoneTest, TellsTheNameOfAnAlias) {
  for (const auto& [alias, name] :
       {std::pair("W. Europe Standard Time", "use Europe/Berlin"),
        std::pair("Eastern Time (US & Canada)", "use America/New_York"),
        std::pair("berlin", "use Europe/Berlin"), std::pair("New York", "use America/New_York"),
        std::pair("Mumbai", "use Asia/Kolkata")}) {
    EXPECT_THAT(Load(alias).status(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(name)));
  }
}

TEST(TimeZoneTest, RefusesOtherNames) {
  for (const std::string& name :
       {std::string(), std::string("Mars/Olympus"), std::string("America"), std::string("+02:00"),
        std::string("Fixed/UTC+02:00:00"), std::string("localtime"), std::string("right/UTC"),
        std::string("/etc/localtime"), std::string("/usr/share/zoneinfo/UTC"),
        std::string("Europe/../UTC"), std::string("file:UTC"), std::string("UTC "),
        std::string("UTC\0", 4), std::string(1 << 20, 'A')}) {
    EXPECT_FALSE(IsValid(name));
    const absl::Status status = Load(name).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                                 HasSubstr("use a name of the IANA database such as")));
    ASSERT_EQ(ViolationsOf(status).size(), 1);
    EXPECT_EQ(ViolationsOf(status)[0].field, "time_zone");
    EXPECT_LT(status.message().size(), 400);
  }
}

}  // namespace
}  // namespace lmsmail::time_zone
