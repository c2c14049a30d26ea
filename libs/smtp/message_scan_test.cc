#include "libs/smtp/message_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "libs/testing/status_matchers.h"

namespace lmsmail::smtp {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string OnTheWire(std::string_view message) {
  const auto scan = ScanMessage(message);
  EXPECT_OK(scan);
  std::vector<std::string_view> pieces;
  AppendDotStuffed(message, *scan, pieces);
  std::string wire;
  for (const std::string_view piece : pieces) wire += piece;
  return wire;
}

TEST(MessageScan, SendsAMessageWithoutDotsInOnePiece) {
  const std::string message = "Subject: a.b\r\n\r\nno dot at a start.\r\n";
  const auto scan = ScanMessage(message);
  ASSERT_OK(scan);
  std::vector<std::string_view> pieces;
  AppendDotStuffed(message, *scan, pieces);
  ASSERT_THAT(pieces, SizeIs(2));
  EXPECT_EQ(pieces[0].data(), message.data());
  EXPECT_EQ(pieces[0].size(), message.size());
  EXPECT_EQ(pieces[1], ".\r\n");
}

TEST(MessageScan, DoublesDotsAtLineStarts) {
  EXPECT_EQ(OnTheWire("a\r\n.\r\n..b\r\nc.\r\n"), "a\r\n..\r\n...b\r\nc.\r\n.\r\n");
  EXPECT_EQ(OnTheWire(".first"), "..first\r\n.\r\n");
}

TEST(MessageScan, EndsWithADotOnItsOwnLine) {
  EXPECT_EQ(OnTheWire("a"), "a\r\n.\r\n");
  EXPECT_EQ(OnTheWire("a\r\n"), "a\r\n.\r\n");
  EXPECT_EQ(OnTheWire(""), ".\r\n");
}

TEST(MessageScan, RejectsBareLineEndsAndNul) {
  const auto rejected = [](std::string_view message) { return ScanMessage(message).status(); };
  EXPECT_THAT(rejected("a\n.\nb\r\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bare LF at byte 1")));
  EXPECT_THAT(rejected("\n"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bare LF")));
  EXPECT_THAT(rejected("ab\r"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bare CR at byte 2")));
  EXPECT_THAT(rejected("a\rb\r\n"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("CR")));
  EXPECT_THAT(rejected("a\r\r\n"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("CR")));
  EXPECT_THAT(rejected(std::string_view("a\0b\r\n", 5)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("NUL at byte 1")));
}

TEST(MessageScan, DetectsEightBitDataAnywhere) {
  std::string message(100, 'x');
  EXPECT_FALSE(ScanMessage(message)->has_8bit);
  for (size_t i = 0; i < message.size(); ++i) {
    std::string changed = message;
    changed[i] = '\xC3';
    EXPECT_TRUE(ScanMessage(changed)->has_8bit) << i;
  }
}

// Undoing the dot-stuffing, as a server does, gives the original message.
TEST(MessageScan, RandomMessagesAreReceivedUnchanged) {
  std::mt19937 random(5321);
  for (int round = 0; round < 3000; ++round) {
    std::string message;
    for (size_t i = random() % 40; i > 0; --i) {
      static constexpr std::string_view kPieces[] = {".", "\r\n", "a", "..", "\r\n."};
      message += kPieces[random() % 5];
    }
    const std::string wire = OnTheWire(message);

    ASSERT_TRUE(wire.ends_with(".\r\n")) << message;
    const std::string_view lines = std::string_view(wire).substr(0, wire.size() - 3);
    ASSERT_EQ(("\r\n" + std::string(lines)).find("\r\n.\r\n"), std::string::npos) << message;
    std::string received;
    for (size_t i = 0; i < lines.size(); ++i) {
      const bool line_start = i == 0 || lines[i - 1] == '\n';
      if (!(line_start && lines[i] == '.')) received.push_back(lines[i]);
    }
    const bool complete = message.empty() || message.ends_with("\r\n");
    EXPECT_EQ(received, complete ? message : message + "\r\n");
  }
}

}  // namespace
}  // namespace lmsmail::smtp
