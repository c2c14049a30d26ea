#include "libs/identity/caller_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "libs/hash/sha256.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::identity {
namespace {

class CallerDirectoryTest : public ::testing::Test {
 protected:
  void WriteCallerWithToken(std::string_view name, std::string_view token) {
    folder_.Write("callers.yaml",
                  "callers: {" + std::string(name) +
                      ": {roles: [viewer], token_sha256: " + hash::Sha256Hex(token) + "}}\n");
  }
  // An atomic replacement, as Kubernetes and editors do it.
  void ReplaceByCallerWithToken(std::string_view name, std::string_view token) {
    std::filesystem::rename(path_, path_ + ".old");
    WriteCallerWithToken(name, token);
  }

  const TemporaryFolder folder_;
  const std::string path_ = (folder_.path() / "callers.yaml").string();
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
};

TEST_F(CallerDirectoryTest, ReadsAChangedFileAgain) {
  WriteCallerWithToken("first", "one");
  ASSERT_OK_AND_ASSIGN(const auto directory, CallerDirectory::Open(path_, clock_));
  EXPECT_OK(directory->Find({.token = "one"}));

  ReplaceByCallerWithToken("second", "two");
  clock_.Advance(CallerDirectory::kRefreshInterval);
  const auto caller = directory->Find({.token = "two"});
  ASSERT_OK(caller);
  EXPECT_EQ(caller->name, "second");
  EXPECT_THAT(directory->Find({.token = "one"}), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(CallerDirectoryTest, KeepsItsCallersWhenTheFileBecomesWrongOrIsGone) {
  WriteCallerWithToken("first", "one");
  ASSERT_OK_AND_ASSIGN(const auto directory, CallerDirectory::Open(path_, clock_));
  folder_.Write("callers.yaml", "callers: [nonsense");
  clock_.Advance(CallerDirectory::kRefreshInterval);
  EXPECT_OK(directory->Find({.token = "one"}));

  std::filesystem::remove(path_);
  clock_.Advance(CallerDirectory::kRefreshInterval);
  EXPECT_OK(directory->Find({.token = "one"}));

  WriteCallerWithToken("second", "two");
  clock_.Advance(CallerDirectory::kRefreshInterval);
  EXPECT_OK(directory->Find({.token = "two"}));
}

TEST_F(CallerDirectoryTest, DoesNotOpenAWrongFile) {
  EXPECT_THAT(CallerDirectory::Open(path_, clock_), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace lmsmail::identity
