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

constexpr std::size_t kMuch = 1 << 20;

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
