#include "libs/mime/message.h"

#include <algorithm>
#include <string>
#include <vector>

#include "libs/mime/validation.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::mime {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

address::Mailbox MailboxOf(std::string_view name, std::string_view address) {
  return {std::string(name), address::ParseEmailAddress(address).value()};
}

Message Weekly() {
  Message message;
  message.from = MailboxOf("LMS School", "no-reply@school.example");
  message.to = MailboxOf("José Doe", "jose@example.com");
  message.subject = "Your week";
  message.date = absl::FromUnixSeconds(1709210096);
  message.message_id = "17.abc@school.example";
  message.boundary_seed = message.message_id;
  message.text = "Hello\n";
  message.html = "<p class=\"x\">Hello</p>\n";
  return message;
}

std::string Built(const Message& message) {
  std::string out;
  EXPECT_OK(Build(message, out));
  return out;
}

std::vector<std::string> InvalidFields(const Message& message) {
  std::vector<std::string> fields;
  const Violations violations = Validate(message);
  for (const FieldViolation& it : violations.list()) fields.push_back(it.field);
  return fields;
}

// Retries rebuild what was sent before. Never change these octets, not even to improve them.
TEST(BuildTest, NeverChangesItsOctets) {
  Message message = Weekly();
  message.reply_to = MailboxOf("Doe, Jane", "jane@school.example");
  message.unsubscribe_url = "https://u.school.example/u/token";
  message.unsubscribe_mailto = "mailto:unsubscribe@school.example?subject=token";
  message.list_id = "weekly-progress.school.example";
  message.feedback_id = "week48:weekly_progress:lms:lmsmail";
  message.suppress_auto_responses = true;
  const Header headers[] = {{"X-Course", "Algèbre"}};
  message.headers = headers;
  EXPECT_EQ(Built(message),
            "Date: Thu, 29 Feb 2024 12:34:56 +0000\r\n"
            "From: LMS School <no-reply@school.example>\r\n"
            "Reply-To: \"Doe, Jane\" <jane@school.example>\r\n"
            "To: =?utf-8?B?Sm9zw6kgRG9l?= <jose@example.com>\r\n"
            "Subject: Your week\r\n"
            "Message-ID: <17.abc@school.example>\r\n"
            "List-Id: <weekly-progress.school.example>\r\n"
            "List-Unsubscribe: <https://u.school.example/u/token>,\r\n"
            " <mailto:unsubscribe@school.example?subject=token>\r\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
            "Feedback-ID: week48:weekly_progress:lms:lmsmail\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\r\n"
            "X-Course: =?utf-8?Q?Alg=C3=A8bre?=\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: multipart/alternative; boundary=\"=_19dd117dd35fe095\"\r\n"
            "\r\n"
            "--=_19dd117dd35fe095\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "Hello\r\n"
            "\r\n"
            "--=_19dd117dd35fe095\r\n"
            "Content-Type: text/html; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "<p class=3D\"x\">Hello</p>\r\n"
            "\r\n"
            "--=_19dd117dd35fe095--\r\n");
}

TEST(BuildTest, WritesOnePlainPartWithoutHtml) {
  Message message = Weekly();
  message.html = {};
  message.auto_submitted = false;
  EXPECT_EQ(Built(message),
            "Date: Thu, 29 Feb 2024 12:34:56 +0000\r\n"
            "From: LMS School <no-reply@school.example>\r\n"
            "To: =?utf-8?B?Sm9zw6kgRG9l?= <jose@example.com>\r\n"
            "Subject: Your week\r\n"
            "Message-ID: <17.abc@school.example>\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "Hello\r\n");
  message.text = "Hello";
  EXPECT_THAT(Built(message), EndsWith("\r\n\r\nHello\r\n"));
}

TEST(BuildTest, TheHeaderAloneIsThatOfTheMessage) {
  std::string header;
  ASSERT_OK(BuildHeader(Weekly(), header));
  ASSERT_TRUE(header.ends_with("MIME-Version: 1.0\r\n\r\n")) << header;
  EXPECT_TRUE(Built(Weekly()).starts_with(header.substr(0, header.size() - 2)));

  Message invalid = Weekly();
  invalid.subject = "a\nb";
  EXPECT_FALSE(BuildHeader(invalid, header).ok());
  EXPECT_FALSE(BuildHeader(Weekly(), header, {.message_octets = 10}).ok());
}

TEST(BuildTest, AppendsToTheBuffer) {
  std::string out = "before";
  ASSERT_OK(Build(Weekly(), out));
  EXPECT_EQ(out, "before" + Built(Weekly()));
}

TEST(BuildTest, BoundaryDependsOnTheSeedOnly) {
  const auto boundary = [](const std::string& mail) { return mail.substr(mail.find("=_"), 18); };
  Message message = Weekly();
  const std::string first = boundary(Built(message));
  message.subject = "Another";
  EXPECT_EQ(boundary(Built(message)), first);
  message.boundary_seed = "other";
  EXPECT_NE(boundary(Built(message)), first);
}

TEST(BuildTest, WritesAUrlOnlyOrAMailtoOnly) {
  Message message = Weekly();
  message.unsubscribe_url = "https://u.school.example/1";
  EXPECT_THAT(Built(message), HasSubstr("\r\nList-Unsubscribe: <https://u.school.example/1>\r\n"
                                        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
  message.unsubscribe_url = {};
  message.unsubscribe_mailto = "mailto:u@school.example";
  EXPECT_THAT(Built(message), HasSubstr("\r\nList-Unsubscribe: <mailto:u@school.example>\r\n"));
  EXPECT_THAT(Built(message), Not(HasSubstr("List-Unsubscribe-Post")));
}

TEST(BuildTest, NeverEncodesAStructuredField) {
  Message message = Weekly();
  const Header headers[] = {{"List-Help", "<https://school.example/?a=?utf-8?Q?b?=>"}};
  message.headers = headers;
  EXPECT_THAT(Built(message),
              HasSubstr("\r\nList-Help: <https://school.example/?a=?utf-8?Q?b?=>\r\n"));
}

TEST(BuildTest, IsSevenBitUnlessAnAddressNeedsMore) {
  const auto is_ascii = [](const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
  };
  Message message = Weekly();
  message.subject = "Ünïcode";
  message.text = "Ünïcode";
  message.html = "Ünïcode";
  EXPECT_TRUE(is_ascii(Built(message)));
  message.to = MailboxOf("Jörg", "jörg@bücher.example");
  EXPECT_THAT(Built(message),
              HasSubstr("To: =?utf-8?B?SsO2cmc=?= <jörg@xn--bcher-kva.example>\r\n"));
}

TEST(BuildTest, RejectsTooLargeAMessageAndLeavesTheBufferUnchanged) {
  std::string out = "before";
  const std::string large(2000, '=');  // three times that in quoted-printable, less in base64
  Message message = Weekly();
  message.html = large;
  EXPECT_THAT(Build(message, out, {.message_octets = 1999}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 1999")));
  EXPECT_THAT(Build(message, out, {.message_octets = 2500}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 2500")));
  EXPECT_EQ(out, "before");
  EXPECT_OK(Build(message, out, {.message_octets = 4000}));
}

TEST(ValidateTest, OneClickNeedsHttpsExceptForLoopback) {
  EXPECT_TRUE(IsOneClickUri("https://school.example/u/token"));
  EXPECT_TRUE(IsOneClickUri("http://127.0.0.1:8080/u/token"));
  EXPECT_TRUE(IsOneClickUri("http://localhost:8080/u/token"));
  EXPECT_FALSE(IsOneClickUri("http://school.example/u/token"));
  EXPECT_FALSE(IsOneClickUri("http://127.0.0.1.school.example/u/token"));
  EXPECT_FALSE(IsOneClickUri("https://school.example/u/<token>"));
  EXPECT_FALSE(IsOneClickUri(""));
}

TEST(ValidateTest, ReportsEveryError) {
  Message message;
  message.date = absl::InfiniteFuture();
  message.html = "\xff";
  message.unsubscribe_url = "http://school.example/u";
  message.unsubscribe_mailto = "u@school.example";
  message.list_id = "<x.y>";
  message.feedback_id = "a:b:c:d:sender";
  EXPECT_THAT(InvalidFields(message), ElementsAre("from.address", "to.address", "subject", "date",
                                                  "message_id", "text", "html", "unsubscribe_url",
                                                  "unsubscribe_mailto", "list_id", "feedback_id"));
  std::string out;
  EXPECT_THAT(Build(message, out), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(out, IsEmpty());
}

// Tries every text of a header with every sequence that could end the line.
TEST(ValidateTest, RejectsWhatCouldEndALine) {
  for (const std::string_view hostile :
       {std::string_view("x\r\nBcc: eve@example.com"), std::string_view("x\nBcc: eve@example.com"),
        std::string_view("x\ry"), std::string_view("x\0y", 3), std::string_view("x\ty\x0b"),
        std::string_view("x\x7fy"), std::string_view("x\xc2\x85y"),
        std::string_view("x\xe2\x80\xa8y"), std::string_view("x\xc0\x8ay")}) {
    SCOPED_TRACE(hostile);
    const auto invalid_fields = [](auto change) {
      Message message = Weekly();
      change(message);
      return InvalidFields(message);
    };
    const std::string text(hostile);
    const std::string url = "https://" + text;
    const std::string mailto = "mailto:" + text;
    EXPECT_THAT(invalid_fields([&](Message& m) { m.from.display_name = text; }),
                ElementsAre("from.display_name"));
    EXPECT_THAT(invalid_fields([&](Message& m) { m.from.address.local = text; }),
                ElementsAre("from.address"));
    EXPECT_THAT(invalid_fields([&](Message& m) { m.to.address.domain = text; }),
                ElementsAre("to.address"));
    EXPECT_THAT(invalid_fields([&](Message& m) { m.reply_to = {text, m.to.address}; }),
                ElementsAre("reply_to.display_name"));
    EXPECT_THAT(invalid_fields([&](Message& m) { m.subject = text; }), ElementsAre("subject"));
    EXPECT_THAT(invalid_fields([&](Message& m) { m.message_id = text; }),
                ElementsAre("message_id"));
    EXPECT_THAT(invalid_fields([&](Message& m) { m.unsubscribe_url = url; }),
                ElementsAre("unsubscribe_url"));
    EXPECT_THAT(invalid_fields([&](Message& m) { m.unsubscribe_mailto = mailto; }),
                ElementsAre("unsubscribe_mailto"));
    EXPECT_THAT(invalid_fields([&](Message& m) { m.list_id = text; }), ElementsAre("list_id"));
    EXPECT_THAT(invalid_fields([&](Message& m) { m.feedback_id = text; }),
                ElementsAre("feedback_id"));
    const Header by_name[] = {{text, "value"}};
    EXPECT_THAT(invalid_fields([&](Message& m) { m.headers = by_name; }),
                ElementsAre("headers[0].name"));
    const Header by_value[] = {{"X-Course", text}};
    EXPECT_THAT(invalid_fields([&](Message& m) { m.headers = by_value; }),
                ElementsAre("headers[0].value"));
  }
}

TEST(ValidateTest, RejectsAddressesThatWereNotParsed) {
  Message message = Weekly();
  message.to.address.local = "jörg";  // not flagged: the octets would be 8-bit unannounced
  EXPECT_THAT(InvalidFields(message), ElementsAre("to.address"));
  message.to.address.local = "ann> <eve";
  EXPECT_THAT(InvalidFields(message), ElementsAre("to.address"));
}

TEST(ValidateTest, RejectsReservedRepeatedAndMalformedHeaders) {
  Message message = Weekly();
  const Header headers[] = {{"subject", "x"},      {"Bcc", "x"},        {"content-type", "x"},
                            {"X-Course", "x"},     {"x-course", "x"},   {"X Course", "x"},
                            {"X-Colon:", "x"},     {"", "x"},           {"X-Empty", ""},
                            {"References", "<ä>"}, {"List-Help", " x"}, {"DKIM-Signature", "x"}};
  message.headers = headers;
  EXPECT_THAT(
      InvalidFields(message),
      ElementsAre("headers[0].name", "headers[1].name", "headers[2].name", "headers[4].name",
                  "headers[5].name", "headers[6].name", "headers[7].name", "headers[8].value",
                  "headers[9].value", "headers[10].value", "headers[11].name"));
}

TEST(ValidateTest, EnforcesTheLimits) {
  Message message = Weekly();
  const std::string subject(998, 's');
  message.subject = subject;
  const std::string url = "https://" + std::string(892, 'u');
  message.unsubscribe_url = url;
  EXPECT_THAT(InvalidFields(message), IsEmpty());
  const std::string mail = Built(message);
  for (std::string_view rest = mail; !rest.empty();) {
    const std::size_t end = rest.find("\r\n");
    ASSERT_LE(end, 998u);
    rest.remove_prefix(end + 2);
  }
  const std::string long_subject = subject + "s";
  message.subject = long_subject;
  const std::string long_url = url + "u";
  message.unsubscribe_url = long_url;
  EXPECT_THAT(InvalidFields(message), ElementsAre("subject", "unsubscribe_url"));
}

}  // namespace
}  // namespace lmsmail::mime
