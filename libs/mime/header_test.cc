#include "libs/mime/header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace lmsmail::mime {
namespace {

std::string Field(std::string_view name, const std::function<void(HeaderField&)>& write) {
  std::string out;
  {
    HeaderField field(name, out);
    write(field);
  }
  return out;
}
std::string Subject(std::string_view text) {
  return Field("Subject", [text](HeaderField& field) { field.AppendUnstructured(text); });
}
std::string To(std::string_view name, std::string_view address) {
  const address::Mailbox mailbox{std::string(name), address::ParseEmailAddress(address).value()};
  return Field("To", [&mailbox](HeaderField& field) { field.AppendMailbox(mailbox); });
}

TEST(UnstructuredTest, StaysPlainWhenItDecodesToItself) {
  EXPECT_EQ(Subject("Welcome to Algebra I: week 1, part (b)"),
            "Subject: Welcome to Algebra I: week 1, part (b)\r\n");
  EXPECT_EQ(Subject("two  spaces"), "Subject: two  spaces\r\n");
}

TEST(UnstructuredTest, FoldsAtSpacesBeforeColumn78) {
  EXPECT_EQ(Subject(std::string(40, 'a') + " " + std::string(28, 'b') + " ccc"),
            "Subject: " + std::string(40, 'a') + " " + std::string(28, 'b') + "\r\n ccc\r\n");
  EXPECT_EQ(Subject(std::string(40, 'a') + " " + std::string(28, 'b')),
            "Subject: " + std::string(40, 'a') + " " + std::string(28, 'b') + "\r\n");
  EXPECT_EQ(Subject(std::string(200, 'a') + " b"),
            "Subject: " + std::string(200, 'a') + "\r\n b\r\n");
}

TEST(UnstructuredTest, EncodesInTheShorterOfQAndB) {
  EXPECT_EQ(Subject("Grüße aus Wien"), "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_Wien?=\r\n");
  EXPECT_EQ(Subject("Привет"), "Subject: =?utf-8?B?0J/RgNC40LLQtdGC?=\r\n");
}

TEST(UnstructuredTest, EncodesPlainTextThatWouldChange) {
  EXPECT_EQ(Subject(" padded"), "Subject: =?utf-8?Q?_padded?=\r\n");
  EXPECT_EQ(Subject("padded "), "Subject: =?utf-8?Q?padded_?=\r\n");
  EXPECT_EQ(Subject("=?utf-8?Q?x?="), "Subject: =?utf-8?B?PT91dGYtOD9RP3g/PQ==?=\r\n");
}

TEST(UnstructuredTest, NeverSplitsACharacterAndLimitsWordsTo75) {
  for (int padding = 0; padding < 60; ++padding) {
    std::string text(padding, 'x');
    for (int i = 0; i < 40; ++i) text += "😀é";
    const std::string field = Subject(text);
    std::string_view rest = field;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find("\r\n"));
      ASSERT_LE(line.size(), 76u);
      const std::size_t begin = line.find("=?utf-8?B?");
      ASSERT_NE(begin, std::string_view::npos) << line;
      ASSERT_LE(line.size() - begin, 75u);
      ASSERT_TRUE(line.ends_with("?=")) << line;
      rest.remove_prefix(line.size() + 2);
    }
  }
}

TEST(MailboxTest, QuotesOrEncodesTheNameAsNeeded) {
  EXPECT_EQ(To("", "ann@example.com"), "To: ann@example.com\r\n");
  EXPECT_EQ(To("Ann Lee", "ann@example.com"), "To: Ann Lee <ann@example.com>\r\n");
  EXPECT_EQ(To("Doe, Jane", "jane@example.com"), "To: \"Doe, Jane\" <jane@example.com>\r\n");
  EXPECT_EQ(To("Jane \"JD\" \\ Doe", "jane@example.com"),
            "To: \"Jane \\\"JD\\\" \\\\ Doe\" <jane@example.com>\r\n");
  EXPECT_EQ(To("eve@bank.example", "eve@example.com"),
            "To: \"eve@bank.example\" <eve@example.com>\r\n");
  EXPECT_EQ(To("José", "jose@example.com"), "To: =?utf-8?B?Sm9zw6k=?= <jose@example.com>\r\n");
  EXPECT_EQ(To("Ann", "ann@bücher.example"), "To: Ann <ann@xn--bcher-kva.example>\r\n");
  EXPECT_EQ(To("=?utf-8?Q?x?=", "a@example.com"),
            "To: =?utf-8?B?PT91dGYtOD9RP3g/PQ==?= <a@example.com>\r\n");
}

TEST(MailboxTest, EncodesALongPlainName) {
  EXPECT_EQ(To(std::string(60, 'n') + ".", "a@example.com"),
            "To: =?utf-8?Q?" + std::string(60, 'n') + "?=\r\n =?utf-8?Q?=2E?= <a@example.com>\r\n");
}

TEST(MailboxTest, FoldsBeforeAnAddressThatDoesNotFit) {
  EXPECT_EQ(To("Ann Lee", std::string(60, 'a') + "@example.com"),
            "To: Ann Lee\r\n <" + std::string(60, 'a') + "@example.com>\r\n");
}

TEST(DateTest, IsRfc5322InUtc) {
  const auto date = [](absl::Time time) {
    return Field("Date", [time](HeaderField& field) { field.AppendDate(time); });
  };
  EXPECT_EQ(date(absl::UnixEpoch()), "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n");
  EXPECT_EQ(date(absl::FromUnixSeconds(1709210096) + absl::Milliseconds(999)),
            "Date: Thu, 29 Feb 2024 12:34:56 +0000\r\n");
}

TEST(IsStructuredTest, ListsFieldsThatMustNotBeEncoded) {
  EXPECT_TRUE(IsStructured("list-help"));
  EXPECT_TRUE(IsStructured("References"));
  EXPECT_FALSE(IsStructured("X-Course"));
}

}  // namespace
}  // namespace lmsmail::mime
