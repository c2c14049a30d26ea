#include "libs/secret_file/secret_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SecretFileTest : public ::testing::Test {
 protected:
  absl::Status Check(mode_t mode) {
    folder_.Write("secret", "x");
    EXPECT_EQ(chmod(path_.c_str(), mode), 0);
    return CheckSecretFile(path_);
  }

  const TemporaryFolder folder_;
  const std::string path_ = (folder_.path() / "secret").string();
};

TEST_F(SecretFileTest, MayBeOpenToItsOwnerOnly) {
  EXPECT_OK(Check(0600));
  EXPECT_OK(Check(0400));
  for (const mode_t mode : {0640, 0440, 0644, 0604, 0620, 0602, 0601, 0666}) {
    EXPECT_THAT(Check(mode),
                StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("chmod go-rwx " + path_)))
        << mode;
  }
}

TEST_F(SecretFileTest, IsNamedWithItsModeAndWhoMayReadIt) {
  EXPECT_THAT(Check(0640).message(),
              AllOf(HasSubstr(path_), HasSubstr("0640"), HasSubstr("its group")));
  EXPECT_THAT(Check(0644).message(), AllOf(HasSubstr("0644"), HasSubstr("everybody")));
}

TEST_F(SecretFileTest, IsCheckedBehindLinks) {
  EXPECT_OK(Check(0600));
  const auto link = folder_.path() / "link";
  std::filesystem::create_symlink(path_, link);
  EXPECT_OK(CheckSecretFile(link.string()));
  chmod(path_.c_str(), 0644);
  EXPECT_THAT(CheckSecretFile(link.string()), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(SecretFileTest, MayBeMissingOrNoRegularFile) {
  EXPECT_OK(CheckSecretFile(path_));
  EXPECT_OK(CheckSecretFile("/dev/null"));
}

}  // namespace
}  // namespace lmsmail
