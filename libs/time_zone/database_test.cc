#include "libs/time_zone/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "libs/testing/status_matchers.h"
#include "libs/time_zone/time_zone.h"

namespace lmsmail::time_zone {
namespace {

namespace fs = std::filesystem;

// A database with a zone of its own, in a process of its own.
class DatabaseTest : public ::testing::Test {
 protected:
  DatabaseTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "America");
    setenv("TZDIR", folder_.c_str(), 1);
    Install("2025b", "America/Vancouver");
  }
  ~DatabaseTest() override { unsetenv("TZDIR"); }

  // Replaces files as dpkg does.
  void Install(const std::string& version, const std::string& rules) {
    std::ofstream(folder_ / "new") << "# version " << version << "\nR A\n";
    fs::rename(folder_ / "new", folder_ / "tzdata.zi");
    fs::copy_file(fs::path("/usr/share/zoneinfo") / rules, folder_ / "America/new");
    fs::rename(folder_ / "America/new", folder_ / "America/Vancouver");
  }
  static int Offset() {
    const absl::Time january = absl::FromCivil(absl::CivilDay(2026, 1, 1), absl::UTCTimeZone());
    const auto zone = Load("America/Vancouver");
    EXPECT_OK(zone);
    return zone.ok() ? zone->At(january).offset / 3600 : 0;
  }

  const fs::path folder_ = fs::path(::testing::TempDir()) / "time_zone_database_test";
  absl::Time now_ = absl::UnixEpoch();
};

TEST_F(DatabaseTest, ZonesAreReadAgainWhenTheDatabaseWasReplaced) {
  EXPECT_EQ(DatabaseVersion(), "2025b");
  DatabaseWatch watch(now_);
  EXPECT_EQ(Offset(), -8);
  EXPECT_FALSE(watch.Refresh(now_ += absl::Minutes(1)));

  Install("2026a", "America/Phoenix");  // -7 all the year
  EXPECT_EQ(Offset(), -8) << "until it is looked at";
  EXPECT_TRUE(watch.Refresh(now_ += absl::Minutes(1)));
  EXPECT_EQ(Offset(), -7);
  EXPECT_EQ(DatabaseVersion(), "2026a");
  EXPECT_EQ(Load("UTC")->At(absl::UnixEpoch()).offset, 0);
  EXPECT_FALSE(IsValid("America/None"));
  // What was replaced while zones were read is read at the next look.
  EXPECT_TRUE(watch.Refresh(now_ += absl::Minutes(1)));
  EXPECT_FALSE(watch.Refresh(now_ += absl::Minutes(1)));
  EXPECT_EQ(Offset(), -7);

  fs::remove(folder_ / "tzdata.zi");
  EXPECT_EQ(DatabaseVersion(), "unknown");
  std::ofstream(folder_ / "+VERSION") << "2026b\n";
  EXPECT_EQ(DatabaseVersion(), "2026b");
}

}  // namespace
}  // namespace lmsmail::time_zone
