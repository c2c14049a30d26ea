#include "libs/file_watch/file_watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "libs/testing/temporary_folder.h"

namespace lmsmail {
namespace {

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatch NewWatch() const {
    folder_.Write("a", "1");
    folder_.Write("b", "1");
    return {{Path("a"), Path("b")}, absl::Seconds(10), now_};
  }
  std::string Path(const char* name) const { return (folder_.path() / name).string(); }
  bool Changed() { return watch_.Changed(now_ += absl::Seconds(10)); }

  const TemporaryFolder folder_;
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  FileWatch watch_ = NewWatch();
};

TEST_F(FileWatchTest, SeesAFileThatWasRewritten) {
  EXPECT_FALSE(Changed());
  folder_.Write("b", "22");
  EXPECT_TRUE(Changed());
  EXPECT_FALSE(Changed());
}

TEST_F(FileWatchTest, SeesAFileThatWasReplacedByOneOfTheSameSizeAndTime) {
  folder_.Write("c", "2");
  std::filesystem::last_write_time(Path("c"), std::filesystem::last_write_time(Path("a")));
  std::filesystem::rename(Path("c"), Path("a"));
  EXPECT_TRUE(Changed());
}

TEST_F(FileWatchTest, SeesWhatALinkLeadsTo) {
  std::filesystem::rename(Path("a"), Path("old"));
  std::filesystem::create_symlink(Path("old"), Path("a"));
  EXPECT_FALSE(Changed());
  folder_.Write("new", "1");
  std::filesystem::remove(Path("a"));
  std::filesystem::create_symlink(Path("new"), Path("a"));
  EXPECT_TRUE(Changed());
}

TEST_F(FileWatchTest, SeesAFileThatIsGoneAndBack) {
  std::filesystem::remove(Path("a"));
  EXPECT_TRUE(Changed());
  folder_.Write("a", "1");
  EXPECT_TRUE(Changed());
}

TEST_F(FileWatchTest, LooksOnlyOnceInItsInterval) {
  folder_.Write("a", "22");
  EXPECT_FALSE(watch_.Changed(now_ + absl::Seconds(9)));
  EXPECT_TRUE(watch_.Changed(now_ + absl::Seconds(10)));
}

}  // namespace
}  // namespace lmsmail
