#include "tests/chaos/commit_watch.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace lmsmail::chaos {
namespace {

std::string Length(std::size_t bytes) {
  std::string text(4, '\0');
  for (int i = 3; i >= 0; --i, bytes >>= 8)
    text[static_cast<std::size_t>(i)] = static_cast<char>(bytes & 0xff);
  return text;
}

std::string Packet(std::string_view body) { return Length(body.size() + 4).append(body); }
std::string Message(char type, std::string_view body) { return type + Packet(body); }
std::string Query(std::string_view sql) { return Message('Q', std::string(sql) + '\0'); }

const std::string kEncryptionRequest = Packet("\x04\xd2\x16\x2f");
const std::string kStart = Packet(std::string("\0\3\0\0user\0someone\0\0", 18));

TEST(CommitWatchTest, DetectsCommitAmongOtherMessages) {
  CommitWatch watch;
  EXPECT_FALSE(watch.Feed(kEncryptionRequest));
  EXPECT_FALSE(watch.Feed(kStart));
  EXPECT_FALSE(watch.Feed(Query("BEGIN") + Message('S', "") + Query("SELECT 'COMMIT'")));
  EXPECT_TRUE(watch.Feed(Query("SELECT 1") + Query("COMMIT")));
  EXPECT_FALSE(watch.Feed(Query("BEGIN")));
}

TEST(CommitWatchTest, DetectsStatementOutsideTransaction) {
  CommitWatch watch;
  watch.Feed(kStart);
  const std::string statement = Message('P', "statement") + Message('E', "") + Message('S', "");
  EXPECT_TRUE(watch.Feed(statement));
  EXPECT_FALSE(watch.Feed(Query("BEGIN") + statement));
  EXPECT_FALSE(watch.Feed(statement + Query("ROLLBACK")));
  EXPECT_TRUE(watch.Feed(statement));
}

TEST(CommitWatchTest, DetectsCommitInSplitInput) {
  CommitWatch watch;
  const std::string before =
      kStart + Query("BEGIN") + Message('P', "statement\0SELECT $1") + Message('S', "");
  int commits = 0;
  for (const char octet : before + Query("COMMIT") + Query("BEGIN") + Query("COMMIT")) {
    if (watch.Feed({&octet, 1})) ++commits;
  }
  EXPECT_EQ(commits, 2);
}

TEST(CommitWatchTest, IgnoresCommitInOtherMessages) {
  CommitWatch watch;
  watch.Feed(kStart);
  EXPECT_FALSE(watch.Feed(Message('P', "COMMIT")));
  EXPECT_FALSE(watch.Feed(Query("ROLLBACK")));
}

}  // namespace
}  // namespace lmsmail::chaos
