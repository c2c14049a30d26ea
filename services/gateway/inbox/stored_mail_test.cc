#include "services/gateway/inbox/stored_mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/testing/status_matchers.h"

namespace lmsmail::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::string_view kEnvelope =
    "X-Inbox-From: bounces@school.example\r\nX-Inbox-To: amira@students.example\r\n";

std::string File(std::string_view mail) { return std::string(kEnvelope) + std::string(mail); }

TEST(StoredMailTest, ReadsBothParts) {
  const std::string mail =
      "From: =?utf-8?q?Schule_f=C3=BCr_Kunst?= <school@x.example>\r\n"
      "To: amira@students.example\r\n"
      "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?q?_und_mehr?=\r\n"
      "Date: Mon, 30 Nov 2026 09:00:00 +0000\r\n"
      "MIME-Version: 1.0\r\n"
      "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
      "--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\nSch=C3=B6n\r\n"
      "--b\r\nContent-Type: text/html; charset=iso-8859-1\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\nPGI+U2No9m48L2I+\r\n--b--\r\n";
  ASSERT_OK_AND_ASSIGN(const StoredMail read, ParseStoredMail(File(mail)));
  EXPECT_EQ(read.envelope_from, "bounces@school.example");
  EXPECT_EQ(read.envelope_to, "amira@students.example");
  EXPECT_EQ(read.from, "Schule für Kunst <school@x.example>");
  EXPECT_EQ(read.subject, "Grüße und mehr");
  EXPECT_EQ(read.date, "Mon, 30 Nov 2026 09:00:00 +0000");
  EXPECT_THAT(read.text, HasSubstr("Schön"));
  EXPECT_EQ(read.html, "<b>Schön</b>");
  EXPECT_EQ(read.source, mail);
}

TEST(StoredMailTest, KeepsTheOrderOfFields) {
  ASSERT_OK_AND_ASSIGN(const StoredMail read,
                       ParseStoredMail(File("B: 1\r\nA: 2\r\n  3\r\nB: 4\r\n\r\ntext\r\n")));
  EXPECT_THAT(read.fields, ElementsAre(Pair("B", "1"), Pair("A", "2  3"), Pair("B", "4")));
  EXPECT_THAT(read.html, IsEmpty());
  EXPECT_THAT(read.text, HasSubstr("text"));
}

TEST(StoredMailTest, AnAttachmentIsNotItsText) {
  ASSERT_OK_AND_ASSIGN(
      const StoredMail read,
      ParseStoredMail(File("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                           "Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\n"
                           "<i>no</i>\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>yes</b>\r\n"
                           "--b--\r\n")));
  EXPECT_EQ(read.html, "<b>yes</b>");
}

TEST(StoredMailTest, InvalidOctetsBecomeReplacementCharacters) {
  ASSERT_OK_AND_ASSIGN(const StoredMail read,
                       ParseStoredMail(File("Subject: a\xff\r\n\r\ntext \xff\r\n")));
  EXPECT_THAT(read.subject, HasSubstr("a"));
  EXPECT_THAT(read.text, HasSubstr("text "));
}

// A mail of many levels would exhaust the stack.
TEST(StoredMailTest, AMailWithTooManyPartsHasItsSourceOnly) {
  std::string mail;
  for (int i = 0; i < 200; ++i) mail += "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n";
  ASSERT_OK_AND_ASSIGN(const StoredMail read, ParseStoredMail(File(mail)));
  EXPECT_EQ(read.source, mail);
  EXPECT_THAT(read.text, IsEmpty());
}

TEST(StoredMailTest, RefusesAFileWithoutItsEnvelope) {
  for (const char* file : {"", "X-Inbox-From: a", "Subject: x\r\n\r\n", "X-Inbox-From: a\r\n"}) {
    EXPECT_EQ(ParseStoredMail(file).status().code(), absl::StatusCode::kInvalidArgument) << file;
  }
  EXPECT_OK(ParseStoredMail(kEnvelope));
}

}  // namespace
}  // namespace lmsmail::gateway
