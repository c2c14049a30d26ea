#include "services/gateway/bounces/mime_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/gateway/testing/sample_reports.h"

namespace lmsmail::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> TypesOf(const MimeMessage& message) {
  std::vector<std::string> types;
  for (const MimePart& part : message.parts) types.push_back(part.type);
  return types;
}

TEST(MimeMessageTest, DecodesPartsAndKeepsOutOfMessagesWithin) {
  const auto message = ParseMimeMessage(SampleReport("exchange_german_failed"));
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(FieldOf(message->header, "auto-submitted"), "auto-generated");
  EXPECT_EQ(FieldOf(message->header, "absent"), "");
  ASSERT_THAT(TypesOf(*message),
              ElementsAre("text/plain", "text/html", "message/delivery-status", "message/rfc822"));
  EXPECT_THAT(message->parts[0].content, HasSubstr("Empf\xe4nger"));
  EXPECT_THAT(message->parts[2].content, HasSubstr("Status: 5.1.10\r\n"));
  EXPECT_THAT(message->parts[3].content, HasSubstr("message-id: <0000000000001.01234567@"));
  EXPECT_THAT(message->parts[3].content, Not(HasSubstr("delivered")));
}

TEST(MimeMessageTest, ReadsWhatPipesAdd) {
  const auto message =
      ParseMimeMessage("From x@y Mon Nov 30 10:00:02 2026\nSubject: a\n b\n\ntext\n");
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(FieldOf(message->header, "subject"), "a  b");
  ASSERT_EQ(message->parts.size(), 1u);
  EXPECT_EQ(message->parts[0].content, "text\n");
}

TEST(MimeMessageTest, ReadsWhatIsCutOffAnywhere) {
  const std::string whole = SampleReport("postfix_failed");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    ParseMimeMessage(std::string_view(whole).substr(0, size));
  }
  std::string large = whole;
  large.insert(large.rfind("--4XyZ"), std::string(10 << 20, 'x'));
  const auto message = ParseMimeMessage(large);
  ASSERT_TRUE(message.has_value());
  EXPECT_THAT(message->parts[1].content, HasSubstr("Action: failed"));
  EXPECT_LT(message->parts.back().content.size(), kMaxMimeSize);
}

TEST(MimeMessageTest, RefusesWhatIsNoMessage) {
  for (const std::string& text :
       {std::string(), std::string("From "), std::string("From x\n"), std::string("no header"),
        std::string(1 << 20, '\0'), std::string(1 << 20, '\n'), std::string("\xff\xfe\0\x01", 4)}) {
    EXPECT_FALSE(ParseMimeMessage(text).has_value()) << text.substr(0, 20);
  }
}

TEST(MimeMessageTest, RefusesManyPartsNestedOrNot) {
  std::string nested;
  for (int i = 0; i < 20'000; ++i) nested += "Content-Type: multipart/mixed; boundary=a\n\n--a\n";
  EXPECT_FALSE(ParseMimeMessage(nested).has_value());
  std::string messages;
  for (int i = 0; i < 20'000; ++i) messages += "Content-Type: message/rfc822\n\n";
  EXPECT_FALSE(ParseMimeMessage(messages).has_value());
  std::string flat = "Content-Type: multipart/mixed; boundary=a\n\n";
  for (int i = 0; i < 50'000; ++i) flat += "--a\n\n";
  EXPECT_FALSE(ParseMimeMessage(flat).has_value());
}

}  // namespace
}  // namespace lmsmail::gateway
