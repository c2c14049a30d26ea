#include "libs/school/cached_school.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/school/testing/fake_school.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::school {
namespace {

class CachedSchoolTest : public ::testing::Test {
 protected:
  std::string TimeZone() {
    const auto school = cached_.Get();
    EXPECT_OK(school);
    return school.ok() ? school->time_zone : "";
  }

  FakeClock clock_{absl::UnixEpoch()};
  FakeSchool source_;
  CachedSchool cached_{source_, clock_};
};

TEST_F(CachedSchoolTest, ReadsOnceAMinute) {
  source_.school.time_zone = "Europe/Berlin";
  EXPECT_EQ(TimeZone(), "Europe/Berlin");
  source_.school.time_zone = "Pacific/Auckland";
  clock_.Advance(absl::Seconds(59));
  EXPECT_EQ(TimeZone(), "Europe/Berlin");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(TimeZone(), "Pacific/Auckland");
  EXPECT_EQ(source_.reads, 2);
}

TEST_F(CachedSchoolTest, KeepsTheLastSchoolWhileTheSourceFails) {
  source_.error = absl::UnavailableError("away");
  EXPECT_EQ(cached_.Get().status(), source_.error);
  source_.error = absl::OkStatus();
  source_.school.time_zone = "Europe/Berlin";
  EXPECT_EQ(TimeZone(), "Europe/Berlin");
  source_.error = absl::UnavailableError("away");
  clock_.Advance(absl::Hours(5));
  EXPECT_EQ(TimeZone(), "Europe/Berlin");
  EXPECT_EQ(TimeZone(), "Europe/Berlin");
  EXPECT_EQ(source_.reads, 3) << "the source is tried again after a while only";
  source_.error = absl::OkStatus();
  source_.school.time_zone = "Pacific/Auckland";
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(TimeZone(), "Pacific/Auckland");
}

TEST_F(CachedSchoolTest, WhoeverChangesTheSchoolSeesItAtOnce) {
  EXPECT_EQ(TimeZone(), "UTC");
  School changed = source_.school;
  changed.time_zone = "Asia/Tokyo";
  changed.revision = 2;
  cached_.Set(changed);
  EXPECT_EQ(TimeZone(), "Asia/Tokyo");
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(TimeZone(), "Asia/Tokyo") << "an answer from before the change came late";
}

}  // namespace
}  // namespace lmsmail::school
