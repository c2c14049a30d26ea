#include "services/gateway/inbox/mail_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

class MailFilesTest : public ::testing::Test {
 protected:
  void Store(const std::string& name, const std::string& content = "mail") {
    std::ofstream(folder_.path() / name) << content;
  }

  TemporaryFolder folder_;
  MailFiles files_{folder_.path()};
};

TEST_F(MailFilesTest, ListsTheLatestFirst) {
  Store("000002-b@x.example.eml");
  Store("000010-c@x.example.eml");
  Store("000001-a@x.example.eml");
  ASSERT_OK_AND_ASSIGN(const auto files, files_.List());
  EXPECT_THAT(files, ElementsAre(Field(&MailFile::number, 10), Field(&MailFile::number, 2),
                                 Field(&MailFile::number, 1)));
}

TEST_F(MailFilesTest, IgnoresOtherFiles) {
  Store("000001-a@x.example.eml.part");
  Store("notes.txt");
  Store("0000x1-a@x.example.eml");
  Store("1.eml");
  ASSERT_OK_AND_ASSIGN(const auto files, files_.List());
  EXPECT_THAT(files, IsEmpty());
}

TEST_F(MailFilesTest, AFolderThatDoesNotExistYetIsEmpty) {
  ASSERT_OK_AND_ASSIGN(const auto files, MailFiles(folder_.path() / "later").List());
  EXPECT_THAT(files, IsEmpty());
}

TEST_F(MailFilesTest, ReadsAMail) {
  Store("000007-a@x.example.eml", "X-Inbox-From: a\r\n");
  ASSERT_OK_AND_ASSIGN(const std::string content, files_.Read(7));
  EXPECT_EQ(content, "X-Inbox-From: a\r\n");
  EXPECT_EQ(files_.Read(8).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace lmsmail::gateway
