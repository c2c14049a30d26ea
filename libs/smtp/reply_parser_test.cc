#include "libs/smtp/reply_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace lmsmail::smtp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using State = ReplyParser::State;

// Parses `wire` in chunks of `chunk` bytes. Returns each reply as "code text"; "malformed" comes
// last.
std::vector<std::string> ParseAll(std::string_view wire, size_t chunk = 1'000'000) {
  ReplyParser parser;
  std::vector<std::string> replies;
  while (!wire.empty()) {
    std::string_view piece = wire.substr(0, chunk);
    wire.remove_prefix(piece.size());
    while (!piece.empty()) {
      const State state = parser.Consume(piece);
      if (state == State::kMalformed) {
        replies.emplace_back("malformed");
        return replies;
      }
      if (state == State::kReply) {
        replies.push_back(std::to_string(parser.reply().code) + " " + parser.reply().text);
      }
    }
  }
  return replies;
}

TEST(ReplyParser, ParsesOneLine) {
  EXPECT_THAT(ParseAll("250 2.0.0 Ok: queued as 4F\r\n"),
              ElementsAre("250 2.0.0 Ok: queued as 4F"));
}

TEST(ReplyParser, AcceptsRepliesWithoutText) {
  EXPECT_THAT(ParseAll("250\r\n354 \r\n"), ElementsAre("250 ", "354 "));
}

TEST(ReplyParser, JoinsTheLinesOfAReply) {
  EXPECT_THAT(ParseAll("250-mx.example\r\n250-SIZE 10\r\n250 PIPELINING\r\n"),
              ElementsAre("250 mx.example\nSIZE 10\nPIPELINING"));
}

TEST(ReplyParser, ParsesSeveralRepliesFromOneRead) {
  EXPECT_THAT(ParseAll("250 a\r\n550-b\r\n550 c\r\n354 d\r\n"),
              ElementsAre("250 a", "550 b\nc", "354 d"));
}

TEST(ReplyParser, GivesTheSameReplyHoweverItIsSplit) {
  const std::string wire = "250-a\r\n250-\r\n250 b\r\n550 5.1.1 c\r\n";
  const std::vector<std::string> whole = ParseAll(wire);
  ASSERT_THAT(whole, ElementsAre("250 a\n\nb", "550 5.1.1 c"));
  for (size_t chunk = 1; chunk < wire.size(); ++chunk) EXPECT_EQ(ParseAll(wire, chunk), whole);
}

TEST(ReplyParser, WaitsForTheEndOfAReply) { EXPECT_THAT(ParseAll("250-a\r\n250 b"), IsEmpty()); }

TEST(ReplyParser, AcceptsBareLineFeeds) { EXPECT_THAT(ParseAll("250 a\n"), ElementsAre("250 a")); }

TEST(ReplyParser, ReportsMalformedReplies) {
  for (const std::string_view wire :
       {"\r\n", "25\r\n", "2x0 a\r\n", "150 a\r\n", "650 a\r\n", "250_a\r\n", "2500 a\r\n",
        "HTTP/1.1 400 Bad Request\r\n", "250-a\r\n251 b\r\n", "\x16\x03\x01\r\n"}) {
    EXPECT_THAT(ParseAll(wire), ElementsAre("malformed")) << wire;
  }
}

TEST(ReplyParser, BoundsTheSizeOfReplies) {
  EXPECT_THAT(ParseAll("250 " + std::string(ReplyParser::kMaxLine, 'x')), ElementsAre("malformed"));
  EXPECT_THAT(ParseAll("250 " + std::string(ReplyParser::kMaxLine, 'x'), 100),
              ElementsAre("malformed"));
  std::string lines;
  for (int i = 0; i <= ReplyParser::kMaxLines; ++i) lines += "250-x\r\n";
  EXPECT_THAT(ParseAll(lines), ElementsAre("malformed"));
}

TEST(ReplyParser, TruncatesLongText) {
  std::string wire;
  for (int i = 0; i < 100; ++i) wire += "250-" + std::string(1000, 'x') + "\r\n";
  wire += "250 end\r\n";
  ReplyParser parser;
  std::string_view input = wire;

  ASSERT_EQ(parser.Consume(input), State::kReply);

  EXPECT_EQ(parser.reply().text.size(), ReplyParser::kMaxText);
}

// The seed is fixed. The alphabet makes input likely that resembles replies.
TEST(ReplyParser, RandomBytesGiveTheSameRepliesHoweverTheyAreSplit) {
  std::mt19937 random(2821);
  const std::string_view alphabet("2345019 -\r\n.ab\0\xff", 16);
  for (int round = 0; round < 5000; ++round) {
    std::string wire;
    const size_t size = random() % 60;
    for (size_t i = 0; i < size; ++i) {
      if (random() % 4 == 0) {
        wire += "250";
        wire += random() % 2 == 0 ? "-" : " ";
      } else if (random() % 4 == 0) {
        wire += "\r\n";
      } else {
        wire += alphabet[random() % alphabet.size()];
      }
    }
    EXPECT_EQ(ParseAll(wire), ParseAll(wire, 1 + random() % 7)) << wire;
  }
}

std::string CodeIn(std::string_view text, int code = 550) {
  return std::string(EnhancedCodeOf({code, std::string(text)}));
}

TEST(EnhancedCode, IsReadFromTheStartOfTheText) {
  EXPECT_EQ(CodeIn("5.1.1 no such user"), "5.1.1");
  EXPECT_EQ(CodeIn("4.7.100\nsecond line", 450), "4.7.100");
  EXPECT_EQ(CodeIn("2.0.0", 250), "2.0.0");
  EXPECT_EQ(CodeIn("4.2.2 over quota", 552), "4.2.2") << "of another class than the reply";
}

TEST(EnhancedCode, IsFoundWhereverServersWriteIt) {
  EXPECT_EQ(CodeIn("#5.1.0 Address rejected."), "5.1.0");
  EXPECT_EQ(CodeIn("sorry, no mailbox here by that name. (#5.1.1)"), "5.1.1");
  EXPECT_EQ(CodeIn("Rejected for policy\n5.7.1 see our site"), "5.7.1");
  EXPECT_EQ(CodeIn("[5.7.13] account disabled"), "5.7.13");
  EXPECT_EQ(CodeIn("said: 5.4.5, then hung up"), "5.4.5");
  EXPECT_EQ(CodeIn("refused with status 5.7.26."), "5.7.26");
}

TEST(EnhancedCode, IsNoOtherNumber) {
  for (const std::string_view text :
       {"", "Ok", "5.1", "5.1.", "5..1 x", "3.1.1 x", "5.1.1x", "5.1.1000 x", "5.1.1.1 x",
        "1.2.3.4 is blocked", "5.1.1-x", "client 5.1.1.9 is listed", "v5.1.1 of the filter",
        "https://help.example/5.1.1", "greylisted for 4.5.3 s", "192.5.1.1 is blocked"}) {
    EXPECT_EQ(CodeIn(text), "") << text;
  }
}

}  // namespace
}  // namespace lmsmail::smtp
