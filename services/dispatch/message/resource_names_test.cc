#include "services/dispatch/message/resource_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/dispatch/rendering/message_id_header.h"

namespace lmsmail::dispatch {
namespace {

TEST(ResourceNamesTest, ParsesNamesOfMessagesAndBatches) {
  EXPECT_EQ(ParseMessageName(MessageName(77)), 77);
  EXPECT_EQ(ParseMessageName("batches/0000000000001"), std::nullopt);
  EXPECT_EQ(ParseBatchName(BatchName(78)), 78);
  EXPECT_EQ(BatchName(0), "");
}

TEST(ResourceNamesTest, ParsesNamesOfTemplates) {
  const auto published = ParseTemplateName("templates/weekly_progress");
  ASSERT_TRUE(published.has_value());
  EXPECT_EQ(published->key, "weekly_progress");
  EXPECT_EQ(published->version, std::nullopt);
  EXPECT_EQ(ParseTemplateName("templates/a/versions/12")->version, 12);
  for (const std::string name :
       {"", "templates/", "templates/A", "templates/1a", "enrollment", "templates/a/versions/",
        "templates/a/versions/0", "templates/a/versions/01", "templates/a/versions/1x",
        "templates/a/versions/99999999999", "templates/a/versions/1/versions/2", "templates/a/b",
        "templates/a/"}) {
    EXPECT_FALSE(ParseTemplateName(name).has_value()) << name;
  }
}

TEST(MessageIdHeaderTest, ParsesOnlyItsOwnHeaders) {
  const MessageIdHeader headers("school.example", std::nullopt);
  const std::string header = headers.Of(4711);
  EXPECT_EQ(header, headers.Of(4711));
  EXPECT_EQ(headers.Parse(header), 4711);
  EXPECT_EQ(headers.Parse("<" + header + ">"), 4711);
  std::string forged = header;
  forged[15] = forged[15] == '0' ? '1' : '0';
  EXPECT_EQ(headers.Parse(forged), std::nullopt);
  EXPECT_EQ(headers.Parse("someone@else.example"), std::nullopt);
  EXPECT_EQ(headers.Parse(""), std::nullopt);
}

TEST(MessageIdHeaderTest, KeyChangesTheCheck) {
  auto keys = token::KeyRing::Parse("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  ASSERT_TRUE(keys.ok()) << keys.status();
  const MessageIdHeader keyed("school.example", *keys);
  const MessageIdHeader open("school.example", std::nullopt);
  EXPECT_NE(keyed.Of(1), open.Of(1));
  EXPECT_EQ(keyed.Parse(keyed.Of(1)), 1);
  EXPECT_EQ(keyed.Parse(open.Of(1)), std::nullopt);
}

// Reports about a mail come for days, also when the keys were rotated meanwhile.
TEST(MessageIdHeaderTest, ParsesTheHeadersOfOlderKeys) {
  const std::string old_key = "k1:" + std::string(64, 'a') + "\n";
  const std::string new_key = "k2:" + std::string(64, 'b') + "\n";
  const auto headers = [](const std::string& keys) {
    return MessageIdHeader("school.example", token::KeyRing::Parse(keys).value());
  };
  const std::string header = headers(old_key).Of(4711);
  EXPECT_EQ(headers(new_key + old_key).Parse(header), 4711);
  EXPECT_EQ(headers(new_key).Parse(header), std::nullopt);
}

}  // namespace
}  // namespace lmsmail::dispatch
