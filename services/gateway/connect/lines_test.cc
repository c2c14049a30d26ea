#include "services/gateway/connect/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/testing/status_matchers.h"
#include "services/gateway/testing/sample.pb.h"

namespace lmsmail::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Sample;
using ::testing::SizeIs;

constexpr std::size_t kMuch = 4 << 20;

absl::StatusOr<std::vector<std::string>> Read(std::string_view text, std::size_t max = kMuch) {
  return MessagesOfLines(text, *Sample::descriptor(), max);
}

TEST(LinesTest, ReadsOneMessageALine) {
  ASSERT_OK_AND_ASSIGN(const auto messages, Read("{\"count\":1}\r\n\n  \n{\"count\":2}"));
  ASSERT_THAT(messages, SizeIs(2));
  Sample second;
  EXPECT_TRUE(second.ParseFromString(messages[1]));
  EXPECT_EQ(second.count(), 2);
  EXPECT_THAT(Read(""), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(Read("\n\n"), IsOkAndHolds(IsEmpty()));
}

TEST(LinesTest, TellsWhichLineIsWrong) {
  EXPECT_THAT(Read("{}\n\n{}\n{\"count\":\"x\"}\n{"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 4: count: must be")));
  EXPECT_THAT(Read("{}\n{\"count\":1"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 2: the request is no")));
  EXPECT_THAT(Read("{\n\"count\": 1\n}"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 1: ")));
  EXPECT_THAT(Read("{} {}"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 1: ")));
}

TEST(LinesTest, JoinsLinesOfNothingButItems) {
  std::string text = R"({"count":7,"list":[{"count":0}]})"
                     "\n";
  for (int i = 1; i <= 2500; ++i) text += R"({"list":[{"count":)" + std::to_string(i) + "}]}\n";
  text += R"({"count":8})"
          "\n"
          R"({"list":[{}],"numbers":[1]})"
          "\n"
          R"({"list":[{}]})";
  ASSERT_OK_AND_ASSIGN(const auto messages, Read(text));
  std::vector<int> sizes;
  int next = 0;
  for (const std::string& message : messages) {
    Sample sample;
    ASSERT_TRUE(sample.ParseFromString(message));
    sizes.push_back(sample.list_size());
    if (next > 2500) continue;
    for (const Sample& item : sample.list()) EXPECT_EQ(item.count(), next++);
  }
  EXPECT_THAT(sizes, ::testing::ElementsAre(1, 1000, 1000, 500, 0, 1, 1));
}

TEST(LinesTest, DoesNotJoinLargeMessages) {
  const std::string line = R"({"list":[{"displayName":")" + std::string(600'000, 'x') + "\"}]}\n";
  EXPECT_THAT(Read(line + line), IsOkAndHolds(SizeIs(2)));
}

TEST(LinesTest, BoundsTheMessages) {
  // Each number has 3 octets in the text and 10 in the message.
  std::string line = R"({"values":[0)";
  for (int i = 0; i < 1000; ++i) line += ",0";
  line += "]}\n";
  EXPECT_THAT(Read(line + line, 20'000),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 2: ")));
}

}  // namespace
}  // namespace lmsmail::gateway
