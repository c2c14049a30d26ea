#include "libs/smtp/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/testing/status_matchers.h"

namespace lmsmail::smtp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(EnvelopeAddress, AcceptsOrdinaryAddresses) {
  for (const char* address : {"a@b", "first.last+tag@mx.example.org", "\"q@q\"@example.org",
                              "jos\xC3\xA9@b\xC3\xBC"
                              "cher.example",
                              "o'hara@[192.0.2.1]"}) {
    EXPECT_OK(CheckEnvelopeAddress("recipient", address)) << address;
  }
}

TEST(EnvelopeAddress, RejectsWhatCouldEndTheCommand) {
  using namespace std::string_view_literals;
  for (const std::string_view address :
       {"b@x>\r\nRCPT TO:<evil@x"sv, "a@b\r"sv, "a@b\n"sv, "a\0b@c"sv, "a b@c"sv, "a@b "sv,
        "<a@b>"sv, "a\t@b"sv, "a\x7f@b"sv, "a\xC2\x85@b"sv, "a\xFF@b"sv, "a\xC0\x8D@b"sv}) {
    const absl::Status status = CheckEnvelopeAddress("recipient", address);
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("recipient")))
        << address;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("evil")));
  }
}

TEST(EnvelopeAddress, ChecksFormAndLength) {
  EXPECT_FALSE(CheckEnvelopeAddress("recipient", "").ok());
  EXPECT_FALSE(CheckEnvelopeAddress("recipient", "nobody").ok());
  EXPECT_FALSE(CheckEnvelopeAddress("recipient", "@b").ok());
  EXPECT_FALSE(CheckEnvelopeAddress("recipient", "a@").ok());
  EXPECT_OK(CheckEnvelopeAddress("recipient", std::string(250, 'a') + "@b.c"));
  EXPECT_FALSE(CheckEnvelopeAddress("recipient", std::string(251, 'a') + "@b.c").ok());
}

TEST(MailCommand, HasOnlyTheParametersThatTheServerOffers) {
  const MailParameters everything = {.size = 123, .smtputf8 = true, .eight_bit = true};
  Capabilities server;
  std::string command;
  AppendMailCommand("a@b", {.size = 123, .smtputf8 = false, .eight_bit = true}, server, command);
  EXPECT_EQ(command, "MAIL FROM:<a@b>\r\n");

  server.size = server.eight_bit_mime = server.smtputf8 = true;
  command.clear();
  AppendMailCommand("a@b", everything, server, command);
  EXPECT_EQ(command, "MAIL FROM:<a@b> SIZE=123 BODY=8BITMIME SMTPUTF8\r\n");

  command.clear();
  AppendMailCommand("", {.size = 5, .smtputf8 = false, .eight_bit = false}, server, command);
  EXPECT_EQ(command, "MAIL FROM:<> SIZE=5\r\n");
}

}  // namespace
}  // namespace lmsmail::smtp
